"""Approved screens: one run of the console, seen at one size after the other as a terminal that is resized shows it.

A run for each picture would cost most of a minute more, and would not see that a resized screen draws itself anew.
"""

import time
import warnings
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_textual_snapshot import SVGImageExtension, normalize_svg  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion
from textual.geometry import Size
from textual.pilot import Pilot

from console.tui.app import Console
from tests.tui.fakes import connected

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
SIZES = ("60x20", "80x24", "120x40")
"""The smallest first: it is seen as it opens, the others as it is resized."""
PATIENCE_S = 1.0
"""How long a screen may take to come to look as approved; longer than that it is otherwise."""

Before = Callable[[Pilot[int]], Awaitable[None]]


class Approved(SVGImageExtension):  # type: ignore[misc]
    """One file for each picture, by the name that the README uses."""

    @classmethod
    def dirname(cls, **_: Any) -> str:
        return str(SCREENSHOTS)

    @classmethod
    def get_snapshot_name(cls, *, test_location: Any, index: int | str = 0) -> str:
        return index if isinstance(index, str) else str(test_location.snapshot_name).partition("[")[2].rstrip("]")

    @classmethod
    def write_snapshot(cls, **what: Any) -> None:
        with warnings.catch_warnings(action="ignore"):  # about names that do not begin with the test's
            super().write_snapshot(**what)


@dataclass
class Gallery:
    """Compares what a console shows with the approved pictures."""

    snapshot: SnapshotAssertion
    folder: Path
    """Where pictures are put that are otherwise."""

    async def __call__(self, app: Console, name: str, before: Before | None, sizes: Sequence[str] = SIZES) -> None:
        """The console, connected and brought to a state, at every size; None: before it is connected."""
        otherwise = []
        async with app.run_test(size=_size(sizes[0]), notifications=True) as pilot:
            if before is not None:
                await connected(pilot)
                await before(pilot)
            for size in sizes:
                await _resize(pilot, _size(size))
                picture = f"{name}-{size}"
                svg = await _seen(pilot, picture)
                if self.snapshot(name=picture) != svg:
                    (self.folder / f"{picture}.svg").write_text(svg)
                    otherwise.append(picture)
        assert not otherwise, f"not as approved: {', '.join(otherwise)}; as they are now: {self.folder}"


def _size(text: str) -> Size:
    return Size(*map(int, text.split("x")))


async def _resize(pilot: Pilot[int], size: Size) -> None:
    if pilot.app.size != size:
        await pilot.resize_terminal(*size)
    while pilot.app.screen.size != size:
        await pilot.pause(0.03)


async def _seen(pilot: Pilot[int], picture: str) -> str:
    """As approved as soon as it is so; else as it is when the patience is over."""
    approved = ""
    with suppress(FileNotFoundError):
        approved = normalize_svg((SCREENSHOTS / f"{picture}.svg").read_text("utf-8"))
    until = time.monotonic() + PATIENCE_S
    while True:
        await pilot.pause(0.03)
        svg: str = normalize_svg(pilot.app.export_screenshot(title=pilot.app.title, simplify=True))
        if svg == approved or time.monotonic() > until:
            return svg
