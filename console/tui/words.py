"""Every state as a symbol, a word and a colour: never by colour alone; what is unknown is neither up nor down."""

import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from textual.content import Content

from console.change.events import EventKind, Outcome
from console.cluster import finding
from console.cluster.snapshot import Admin, Health, Member, MemberState, Severity
from console.cluster.text import clean
from console.cluster.whatif import Grade


class Cell(NamedTuple):
    """Some words in one style; styles name the theme's variables."""

    text: str
    style: str = ""


UP, DOWN, UNKNOWN, CHANGING, OFF = "$success", "$error bold", "$unknown bold", "$changing", "$off"
QUIET, STRONG, LOUD, WARN = "$quiet", "bold", "$on-loud on $loud bold", "$warning"

HEALTH = {Health.UP: Cell("● up", UP), Health.DOWN: Cell("■ down", DOWN), Health.UNKNOWN: Cell("? unknown", UNKNOWN)}
STATE = {
    MemberState.PRIMARY: Cell("◆ PRIMARY", UP + " bold"),
    MemberState.SECONDARY: Cell("● SECONDARY", UP),
    MemberState.ARBITER: Cell("○ ARBITER", UP),
    MemberState.DOWN: Cell("■ DOWN", DOWN),
    MemberState.REMOVED: Cell("■ REMOVED", DOWN),
    MemberState.UNKNOWN: Cell("? UNKNOWN", UNKNOWN),
}
SPARE = Cell("○ spare", OFF)
SEVERITY = {
    Severity.CRITICAL: Cell("■ critical", DOWN),
    Severity.WARNING: Cell("▲ warning", WARN),
    Severity.INFO: Cell("· info", OFF),
}
GRADE = {Grade.SAFE: Cell("● SAFE", UP), Grade.DEGRADED: Cell("▲ DEGRADED", WARN), Grade.UNSAFE: Cell("■ UNSAFE", DOWN)}
EVENT = {
    EventKind.REFUSED: Cell("■ refused", DOWN),
    EventKind.DOING: Cell("► doing", CHANGING),
    EventKind.PROVED: Cell("● proved", UP),
    EventKind.FAILED: Cell("■ failed", DOWN),
    EventKind.UNDOING: Cell("◄ undoing", CHANGING),
    EventKind.UNDONE: Cell("○ undone", OFF),
    EventKind.DONE: Cell("● done", UP),
    EventKind.UNKNOWN: Cell("? unknown", UNKNOWN),
}
OUTCOME = {
    Outcome.REFUSED: Cell("■ REFUSED: nothing was changed", DOWN),
    Outcome.DONE: Cell("● DONE", UP),
    Outcome.FAILED: Cell("○ FAILED, and everything was undone", WARN),
    Outcome.UNKNOWN: Cell("? UNKNOWN: look at the cluster before anything else", UNKNOWN),
    Outcome.PARTIAL: Cell("▲ STOPPED between two steps", WARN),
}


def admin_and_check(admin: Admin, check: Health) -> Cell:
    """A balancer's opinion of a server, in two words."""
    word = {Health.UP: "up", Health.DOWN: "down", Health.UNKNOWN: "?"}[check]
    style = {Admin.READY: HEALTH[check].style, Admin.DRAIN: CHANGING, Admin.MAINT: OFF}[admin]
    return Cell(f"{admin} {word}", DOWN if check is Health.DOWN and admin is not Admin.MAINT else style)


def member_state(member: Member) -> Cell:
    """A member's state; one that is on its way is neither up nor down."""
    if member.health is Health.DOWN and member.state is not MemberState.REMOVED:
        return STATE[MemberState.DOWN]
    return STATE.get(member.state, Cell(f"◎ {member.state}", CHANGING))


def span(seconds: float | None) -> str:
    """A time in one unit: 42 s, 5 min, 3 h, 12 d; a dash when there is none."""
    return "-" if seconds is None else finding.span(seconds)


def count(number: int, one: str) -> str:
    """`1 member`, `2 members`."""
    return f"{number} {one}{'' if number == 1 else 's'}"


def line(*cells: Cell | str) -> Content:
    """One line of words; nothing in them is read as markup."""
    parts = [Cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return Content.assemble(*[(clean(part.text, limit=2000), part.style) for part in parts])


def paragraph(lead: Iterable[Cell], text: str, width: int, style: str = "", *, indent: int | None = None) -> Content:
    """A lead and a text that wraps under itself."""
    leads = list(lead)
    margin = sum(len(cell.text) for cell in leads) if indent is None else indent
    rows = textwrap.wrap(clean(text, limit=2000), max(20, width - margin)) or [""]
    first = line(*leads, Cell(rows[0], style))
    return Content("\n").join([first, *(line(" " * margin, Cell(row, style)) for row in rows[1:])])


def heading(text: str, width: int) -> Content:
    """A title on a rule."""
    return line(Cell(f"── {text} ", "bold"), Cell("─" * max(0, width - len(text) - 4), "$frame"))
