"""Hostile names and reasons, on every screen: no control byte reaches the terminal, and nothing in them is obeyed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from textual.app import App
from textual.filter import LineFilter
from textual.pilot import Pilot

from console.change.events import EventKind
from console.change.journal import Record
from console.change.run import Confirmation
from console.cluster.finding import in_order, warning
from console.cluster.snapshot import Snapshot
from console.tui.app import Console
from console.tui.glyphs import Repertoire
from console.tui.safety import OnlyWhatItShows, printable
from console.tui.table import Table
from tests.cluster.pictures import AT, calm
from tests.tui.fakes import FakeSession, connected, console_on
from tests.tui.records import FixedJournal

CANARIES = (
    "\x1b[31mred",
    "\x1b]52;c;aGk=\x07",
    "\x9b31m\x90q\x9c",
    "[@click=app.leave]x[/]",
    "[/b]",
    "[b",
    "a\u202egnp.exe\u2066",
    "tab\there\nand\r\x08\x7f",
)
EVIL = " ".join(CANARIES)
FORBIDDEN = {*map(chr, range(32)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u202e", "\u2066", "\u200b"}


def hostile() -> Snapshot:
    """A calm cluster in which every free text is an attack."""
    was = calm()
    return replace(
        was,
        cluster=f"prod {EVIL}",
        environment=EVIL[:20],
        app_servers=tuple(
            replace(
                s,
                name=f"app{n}{CANARIES[n]}",
                reason=EVIL,
                domain=EVIL,
                pools=tuple(replace(p, server=CANARIES[n], check_says=EVIL) for p in s.pools),
            )
            for n, s in enumerate(was.app_servers, 1)
        ),
        balancers=tuple(replace(b, name=f"{b.name}", version=EVIL, reason=EVIL) for b in was.balancers),
        replica_set=replace(
            was.replica_set,
            name=EVIL,
            members=tuple(replace(m, version=EVIL, reason=EVIL, sync_source=EVIL) for m in was.replica_set.members),
        ),
        findings=in_order([warning("canary", canary, canary) for canary in CANARIES]),
    )


def drawn(pilot: Pilot[int]) -> set[str]:
    """Every character that the compositor would send to the terminal as text."""
    screen = pilot.app.screen
    strips = screen._compositor.render_strips(screen.size)
    return {character for strip in strips for segment in strip for character in segment.text}


async def every_screen(pilot: Pilot[int], session: FakeSession) -> set[str]:
    app = pilot.app
    assert isinstance(app, Console)
    seen = drawn(pilot)
    name = session.picture.app_servers[0].name
    for keys in (("enter",), ("f",), ("e",), ("j",), ("a",), ("question_mark",), ("ctrl+p",)):
        await pilot.press(*keys)
        await pilot.pause(0.1)
        seen |= drawn(pilot)
        await pilot.press("escape")
    app.open_plan("drain", name)
    await pilot.pause()
    seen |= drawn(pilot)
    await pilot.press("escape")
    run = session.start(session.plan("drain", name), Confirmation(EVIL))
    await run.tell(EventKind.DOING, 1, EVIL, ("wait", "undo"))
    await pilot.press("R")
    await pilot.pause()
    seen |= drawn(pilot)
    app.tell(EVIL, "warning")
    await pilot.pause()
    return seen | drawn(pilot)


def session() -> FakeSession:
    records: list[dict[str, Any]] = [{"kind": c, "action": c, "target": c, "reason": EVIL} for c in CANARIES]
    journal = FixedJournal(*(Record(seq=n, at=AT, who=EVIL, body=r, **r) for n, r in enumerate(records, 1)))
    return FakeSession(hostile(), journal)


async def test_no_control_character_reaches_the_terminal_and_nothing_fires() -> None:
    cluster = session()
    app = console_on(cluster)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        seen = await every_screen(pilot, cluster)
        assert not seen & FORBIDDEN
        assert app.return_code is None


async def test_clicking_on_what_looks_like_a_link_does_nothing() -> None:
    app = console_on(session())
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        for x in range(0, 60, 3):
            await pilot.click(Table, offset=(x, 3))
            if len(app.screen_stack) > 1:
                await pilot.press("escape")
        assert app.return_code is None


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\x07", "\u202e", "\x7f", "\u200b"])
def test_the_gate_replaces_one_character_by_one(character: str) -> None:
    assert printable(f"a{character}b") == "a\ufffdb"


class Bare(App[None]):
    """What any widget does with a raw text."""

    def compose(self) -> Any:
        from rich.text import Text
        from textual.widgets import Static

        yield Static(Text("\x1b]52;c;aGk="))


class Gated(Bare):
    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), OnlyWhatItShows(Repertoire())]


@pytest.mark.parametrize(("app", "leaks"), [(Bare, True), (Gated, False)])
async def test_without_the_gate_a_widget_leaks_what_it_is_given(app: type[App[None]], leaks: bool) -> None:
    instance = app()
    async with instance.run_test(size=(40, 5)):
        strips = instance.screen._compositor.render_strips(instance.screen.size)
        text = "".join(segment.text for strip in strips for segment in strip)
        assert ("\x1b]52" in text) is leaks
