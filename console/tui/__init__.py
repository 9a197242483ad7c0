"""The interactive console, and its one door; textual is imported only when it is opened."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.ports.clusterfile import ClusterFile
from console.ports.plugins import bundled

if TYPE_CHECKING:
    from console.fleet import Fleet
    from console.session import Session


def run_console(
    file: ClusterFile,
    state_dir: Path,
    *,
    read_only: bool,
    theme: str | None,
    mouse: bool = True,
    in_ascii: bool = False,
    config_dir: Path,
    faults: Mapping[str, Callable[[str], None]] | None = None,
    fleet: "Callable[[], Fleet] | None" = None,
    opens: str = "dashboard",
) -> int:
    """Open the console on a cluster and stay until it is left; the exit code.

    A `theme` that there is not ends it; one that a cluster's file or an earlier console names is only told.
    `faults` are what can be done to the nodes of a lab: where there are some, a tour is offered. `fleet` tells the
    other clusters that can be gone to; `opens` is the view that is shown first.
    """
    if "SSH_CONNECTION" in os.environ:
        # Textual reads these once, when it is imported: what is drawn over a slow line delays what is typed.
        os.environ.setdefault("TEXTUAL_FPS", "30")
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from console.tui.app import Console
    from console.tui.glyphs import ASCII, Repertoire
    from console.tui.themes import SIXTEEN, Shelf, remembered

    shelf = Shelf.of([bundled("themes"), config_dir / "themes"])
    if theme:
        try:
            shelf.find(theme)
        except ValueError as mistake:
            print(f"watchkeeper: {mistake}", file=sys.stderr)  # noqa: T201 - there is no screen yet
            return 2

    tour = None
    if faults is not None:
        from console.tui.tour import Tour

        tour = Tour(faults)
    wanted: ClusterFile | None = file
    while wanted is not None:
        # Before the fleet stands a cluster that nobody has asked for yet.
        session = partial(_opened, wanted, state_dir, read_only or opens == "fleet")
        name = wanted.table.name
        chosen, mistakes = shelf.first(theme, wanted.table.theme, remembered(config_dir, name))
        told = replace(shelf, failures=(*shelf.failures, *mistakes))
        app = Console(name, session, state_dir, told, config_dir=config_dir, tour=tour)
        app.fleet, app.opens = fleet, opens
        app.repertoire = ASCII if in_ascii else Repertoire.of(os.environ)
        if chosen:
            app.theme = chosen
        elif app.console.color_system == "standard":
            app.theme = SIXTEEN
        # With the mouse on, GNU screen (STY) keeps an esc to itself until the next key comes.
        app.run(mouse=mouse and "STY" not in os.environ)
        wanted, opens = app.wanted, "dashboard"
    return app.return_code or 0


@asynccontextmanager
async def _opened(file: ClusterFile, state_dir: Path, read_only: bool) -> "AsyncIterator[Session]":
    """A session; what it is made of is imported in a thread, while the first frame is on screen."""
    session = await asyncio.to_thread(_session)
    async with session.open(file, state_dir, read_only=read_only) as opened:
        yield opened


def _session() -> "type[Session]":
    from console.session import Session

    return Session
