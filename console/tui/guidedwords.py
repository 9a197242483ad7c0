"""A runbook on its way in words: the stage that is reached, what was told, and what can be said to it."""

from typing import Any

from textual.content import Content
from textual.screen import Screen

from console.change.runbook.asking import Asks, Moment
from console.change.runbook.conditions import CONDITIONS
from console.cluster.snapshot import Snapshot
from console.tui import equivalent
from console.tui.guide import Guide
from console.tui.keymap import keymap_of
from console.tui.parts import possible
from console.tui.planwords import check_line, plan_page
from console.tui.progress import event_line, step_lines
from console.tui.stages import BACK, Now, does
from console.tui.words import (
    CHANGING,
    DOWN,
    KEY,
    LOUD,
    OFF,
    QUIET,
    STRONG,
    UP,
    WARN,
    Cell,
    heading,
    line,
    paragraph,
    span,
)

NOW = Cell("► now", CHANGING)
ASKED = Cell("► asks you", LOUD)
FAILED = Cell("■ problem", DOWN)
TOLD = {
    "stage": Cell("► reached", CHANGING),
    "check": Cell("● holds", UP),
    "done": Cell("● done", UP),
    "skipped": Cell("○ skipped", OFF),
    "left out": Cell("○ left out", OFF),
    "problem": Cell("■ problem", DOWN),
    "paused": Cell("▲ paused", WARN),
    "continued": Cell("► goes on", CHANGING),
    "approval": Cell("► approval", CHANGING),
    "unwinding": Cell("◄ undoing", CHANGING),
    "stopped": Cell("▲ stopped", WARN),
    "finished": Cell("● finished", UP),
}
"""By the kind of a moment."""
AGAIN = Cell("▲ again", WARN)
"""What was done before does not hold any more."""
TOLD_MOST = 60


def now(guide: Guide) -> Now | None:
    """Where the run is, for the list of its stages."""
    run = guide.run
    if run is None:
        return None
    word = NOW
    if guide.asks is not None:
        word = FAILED if guide.asks.kind == "problem" else ASKED
    elif not guide.going:
        word = Cell("▲ stopped", WARN)
    elif run.paused and _waits(guide):
        word = Cell("▲ paused", WARN)
    key = guide.task.key if guide.task is not None else ""
    here = "" if run.progress.passed(key) else key
    return Now(here, word, lambda key: _spent(guide, key), waits=word is not NOW)


def stage_lines(guide: Guide, snapshot: Snapshot | None, width: int) -> list[Content]:
    """The stage that is reached, with its plan, its condition or its question; nothing when all is over."""
    task = guide.asks.task if guide.asks is not None else guide.task
    if task is None or not guide.going:
        return []
    undoes = task.key.startswith(BACK)
    where = f"UNDO STAGE {task.key.removeprefix(BACK).rpartition('/')[0]}" if undoes else f"STAGE {task.key}"
    lines = [heading(where, width), paragraph((Cell("  "),), task.title, width, STRONG)]
    if says := task.text(task.stage.says):
        lines.append(paragraph((Cell("  "),), says, width))
    if guide.asks is not None:
        run = guide.run.progress.id if guide.run is not None else ""
        same = [heading("TO GO ON FROM A SHELL", width), equivalent.shown(equivalent.gone_on(run), width)]
        return [*lines, *_asked(guide.asks, width), *same]
    if not says:
        lines.append(paragraph((Cell("  "),), task.text(does(task.stage)), width))
    return lines + _going_on(guide, snapshot, width)


def told_lines(guide: Guide, width: int) -> list[Content]:
    """Everything that was told, newest first."""
    lines = [heading("WHAT HAPPENED, NEWEST FIRST", width)]
    for at, moment in list(guide.told)[:TOLD_MOST]:
        lead = Cell(f"  {at:%H:%M:%S} UTC  ", QUIET)
        if told := _told(moment, guide, lead, width):
            lines.append(told)
    return lines


def _asked(asks: Asks, width: int) -> list[Content]:
    if asks.plan is not None:
        return [Content(""), *plan_page(asks.plan, width)]
    if asks.kind == "problem":
        says = asks.says.removeprefix(f"{asks.task.title}: ").removesuffix("; ".join(asks.differences))
        lines = [Content(""), paragraph((Cell("  ■ ", DOWN),), says, width, STRONG)]
        return [*lines, *(paragraph((Cell("    · ", WARN),), says, width) for says in asks.differences)]
    lead = Cell("  ASKED  " if asks.kind == "question" else "  BY HAND  ", WARN)
    return [Content(""), paragraph((lead,), asks.says, width, STRONG)]


def _going_on(guide: Guide, snapshot: Snapshot | None, width: int) -> list[Content]:
    if guide.plan is not None:
        events = [moment.event for _, moment in reversed(guide.told) if moment.event is not None]
        run = events[-1].run if events else ""
        return [Content(""), *step_lines(guide.plan, [event for event in events if event.run == run], width)]
    stage = guide.task.stage if guide.task is not None else None
    if stage is None or snapshot is None or not (stage.check or stage.wait):
        return []
    return [Content(""), check_line(CONDITIONS[stage.check or stage.wait](snapshot), width)]


def _told(moment: Moment, guide: Guide, lead: Cell, width: int) -> Content | None:
    if moment.event is not None:
        return event_line(moment.event, width)
    if moment.kind == "plan" or (moment.kind == "stage" and moment.task is not None and guide.over(moment.task)):
        return None  # the one was read where it was asked about, and how the other ended is told as well
    word = AGAIN if moment.kind == "check" and moment.check is None else TOLD[moment.kind]
    says = moment.says
    if moment.kind in ("stage", "done") and moment.task is not None:
        says = moment.task.title
    elif moment.check is not None:
        says = f"{moment.check.says}: {moment.check.value}"
    return paragraph((lead, Cell(f"{word.text:<10} ", word.style)), says, width)


def state(screen: Screen[Any], guide: Guide, moved: str, width: int) -> list[Content]:
    """What it is doing, or what it asks, and each thing that can be said to it.

    `moved` is why a plan has to be made anew before it can be confirmed; empty when it need not.
    """
    asks, run = guide.asks, guide.run
    if guide.problem:
        return [paragraph((Cell(" ■ it cannot go on  ", DOWN),), guide.problem, width)]
    if run is None:
        return []
    if not guide.going:
        return _ended(guide, width)
    if asks is None:
        return [_runs(guide, width)]
    if asks.plan is not None:
        return [_confirm(asks, moved, width)]
    if asks.kind != "problem":
        return [line(Cell(" ► it waits for your answer  ", CHANGING), Cell("tab to it, then enter", QUIET))]
    return [
        paragraph((Cell(" WHAT NOW? ", LOUD), Cell(" ")), asks.task.title, width, STRONG),
        *(
            paragraph((Cell(f"   {keys}  ", KEY), Cell(f"{command.title:<8}", STRONG)), command.help, width)
            for keys, command in keymap_of(screen.app).told("guided")
            if command.action.startswith("screen.way") and possible(screen, command)
        ),
    ]


def _confirm(asks: Asks, moved: str, width: int) -> Content:
    plan = asks.plan
    if moved:
        return paragraph((Cell(" ! ", LOUD), Cell(" ")), f"{moved} r plans this stage anew.", width, WARN)
    if plan is None or plan.confirm_words is None:
        says = f"Nothing is sent yet. To do it: tab to [{plan.title if plan else ''}], then enter."
        return paragraph((Cell(" "),), says, width, QUIET)
    says = f"This leaves the cluster {plan.impact.grade}. Nothing is sent before you type the words."
    return paragraph((Cell(" ▲ ", WARN),), says, width, WARN)


def _runs(guide: Guide, width: int) -> Content:
    moment = guide.told[0][1] if guide.told else None
    if guide.run_asks and moment is not None and moment.event is not None:
        asks = moment.event.says.partition(":")[0]
        return paragraph((Cell(" WHAT NOW? ", LOUD), Cell(" ")), f"{asks}: R shows what can be chosen", width, STRONG)
    if moment is not None and moment.kind == "approval":
        return paragraph((Cell(" ► ", CHANGING),), moment.says, width)
    if guide.ending and not (guide.run and guide.run.progress.unwinding):
        word = "stops" if guide.ending == "stop" else "stops, then undoes what was done"
        return paragraph((Cell(f" ▲ it {word}: ", WARN),), "the step that is going on comes to its end first", width)
    if guide.run is not None and guide.run.paused:
        if _waits(guide):
            return line(Cell(" ▲ PAUSED  ", WARN), Cell("nothing is begun before c carries on"))
        return line(Cell(" ▲ pauses  ", WARN), Cell("when this stage has come to its end; c carries on"))
    says = "running: esc leaves it running, r on the dashboard comes back"
    return paragraph((Cell(" ► ", CHANGING),), says, width, CHANGING)


def _ended(guide: Guide, width: int) -> list[Content]:
    outcome = guide.run.progress.outcome if guide.run else ""
    word = {
        "done": Cell("● DONE", UP),
        "unwound": Cell("○ UNWOUND: what it did was undone", OFF),
    }.get(outcome, Cell("▲ STOPPED: r on the dashboard, then its run, goes on with it", WARN))
    lines = [heading("THE END", width), paragraph((Cell(" "),), word.text, width, word.style, indent=3)]
    last = guide.told[0][1].says if guide.told else ""
    report = f"watchkeeper runbook report {guide.run.progress.id} --html" if guide.run else ""
    return [*lines, paragraph((Cell("   "),), last, width), line(Cell(f"   its evidence: {report}", QUIET))]


def _waits(guide: Guide) -> bool:
    """It has come to where it pauses."""
    return bool(guide.told) and guide.told[0][1].kind == "paused"


def _spent(guide: Guide, key: str) -> str:
    spent_s = guide.spent_s(key)
    return "" if spent_s is None else span(spent_s)
