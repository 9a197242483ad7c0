"""Every state as a symbol, a word and a colour: never by colour alone; what is unknown is neither up nor down."""

from console.change.events import EventKind, Outcome
from console.cluster.snapshot import Admin, Health, Member, MemberState, Severity
from console.cluster.whatif import Grade
from console.tui.words import CHANGING, DOWN, OFF, UNKNOWN, UP, WARN, Cell

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

DEED = {
    "": Cell("◎ not ended", CHANGING),
    "done": Cell("● done", UP),
    "failed": Cell("○ failed, undone", WARN),
    "partial": Cell("▲ stopped", WARN),
    "unknown": Cell("? unknown", UNKNOWN),
    "refused": Cell("■ refused", DOWN),
    "closed": Cell("· closed", OFF),
}


def deed(outcome: str) -> Cell:
    """How something that the journal tells of came out."""
    return DEED.get(outcome, Cell(outcome))


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
