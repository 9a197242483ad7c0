"""A plan in words: what would stand, the checks with value and limit, and each step with command, proof and undo."""

from textual.content import Content

from console.change.plan import Check, Plan
from console.cluster.whatif import Impact, Standing
from console.tui import equivalent
from console.tui.symbols import GRADE
from console.tui.words import DOWN, QUIET, STRONG, UP, WARN, Cell, heading, line, paragraph

MARGIN = 12
NUMBER = 16
MARGIN_OF_ROWS = 24
ROOMY = 65
"""From this width on the titles of the columns are whole sentences."""


def plan_lines(plan: Plan, width: int, reason: str) -> list[Content]:
    """The page that is read before saying yes."""
    return [
        *plan_page(plan, width),
        heading("THE SAME FROM A SHELL", width),
        equivalent.shown(equivalent.change(plan, reason), width),
    ]


def plan_page(plan: Plan, width: int) -> list[Content]:
    """Impact, checks and steps."""
    return [
        *_outcome(plan, width),
        heading("CHECKS", width),
        *(check_line(check, width) for check in sorted(plan.checks, key=_urgency) if not check.ok),
        *(paragraph((Cell("  ▲ note     ", WARN),), note, width) for note in plan.notes),
        *(check_line(check, width) for check in plan.checks if check.ok),
        heading("STEPS", width),
        *_steps(plan, width),
    ]


def verdict(plan: Plan) -> Cell:
    """One line that says whether it can be done, and how close to an outage it comes."""
    if plan.refusals:
        return Cell("■ REFUSED", DOWN)
    return GRADE[plan.impact.grade] if plan.steps else Cell("● NOTHING TO DO", UP)


def _outcome(plan: Plan, width: int) -> list[Content]:
    says = "it is so already" if not plan.steps and not plan.refusals else plan.impact.says
    if plan.refusals:
        first = plan.refusals[0]
        says = f"{first.says}: {first.value}; must be {first.limit}"
    return impact_lines(plan.impact, verdict(plan), says, width)


def impact_lines(impact: Impact, word: Cell, says: str, width: int, then: str = "after") -> list[Content]:
    """What stands now, `then`, and after one more loss."""
    states = (impact.before, impact.after, impact.after_one_more)
    titles = ("now", then, "after one more loss" if width >= ROOMY else "one more loss")
    column = max(11, min(NUMBER, (width - MARGIN_OF_ROWS - len(titles[-1])) // 2))
    head = [Cell(f"{'':<{_margin(column)}}", QUIET), *(Cell(f"{title:<{column}}", QUIET) for title in titles)]
    return [
        paragraph((Cell(f"  {word.text}  ", word.style),), says, width, "bold"),
        line(*head),
        _row("app servers serving", [_part(s.serving, s.app_servers, s.serving > 0) for s in states], column),
        _row("capacity", [Cell(f"{s.capacity:.0%}", UP if s.capacity else DOWN) for s in states], column),
        _row("votes up", [_votes(s) for s in states], column),
        _row("writes", [Cell("go on", UP) if s.writes_stand else Cell("STOP", DOWN) for s in states], column),
    ]


def _row(name: str, cells: list[Cell], column: int) -> Content:
    head = Cell(f"  {name}".ljust(_margin(column)))
    return line(head, *(Cell(f"{cell.text:<{column}}", cell.style) for cell in cells))


def _margin(column: int) -> int:
    return MARGIN_OF_ROWS if column == NUMBER else MARGIN_OF_ROWS - 2


def _part(part: int, whole: int, good: bool) -> Cell:
    return Cell(f"{part} of {whole}", UP if good else DOWN)


def _votes(state: Standing) -> Cell:
    return Cell(f"{state.votes_up}, needs {state.majority}", UP if state.votes_up >= state.majority else DOWN)


def check_line(check: Check, width: int) -> Content:
    """Does it hold, with the measured value and the limit."""
    word = Cell("● ok", UP) if check.ok else Cell("▲ no", WARN) if check.warns else Cell("■ REFUSED", DOWN)
    limit = f"  (must be {check.limit})" if check.limit else ""
    style = "" if check.ok else WARN if check.warns else STRONG
    return paragraph((Cell(f"  {word.text:<9}  ", word.style),), f"{check.says}: {check.value}{limit}", width, style)


def _urgency(check: Check) -> int:
    return 1 if check.warns else 0


def _steps(plan: Plan, width: int) -> list[Content]:
    if not plan.steps:
        return [line(Cell("  nothing to do", QUIET))]
    lines: list[Content] = []
    for number, step in enumerate(plan.steps, 1):
        lines.append(paragraph((Cell(f"  {number}  ", STRONG),), step.does, width, STRONG))
        sends = [paragraph((Cell(f"{'':5}sends  ", QUIET),), sent, width) for sent in step.command.splitlines()[:1]]
        sends += [paragraph((Cell(f"{'':12}"),), sent, width) for sent in step.command.splitlines()[1:]]
        patience = f" (within {step.patience_s:g} s)"
        lines += sends
        lines.append(paragraph((Cell(f"{'':5}proof  ", QUIET),), step.proof.says + patience, width))
        undo = step.undone.says if step.undone else step.undo_says or "none"
        lines.append(paragraph((Cell(f"{'':5}undo   ", QUIET),), undo, width))
    return lines
