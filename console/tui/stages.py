"""The stages of a runbook in words: what each does, how each would go now, and how far a run has come."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from console.change.action import Value
from console.change.runbook import Runbook
from console.change.runbook.dry import DryStage
from console.change.runbook.format import TARGET, StageTable, filled
from console.change.runbook.progress import Progress
from console.tui.planwords import verdict
from console.tui.words import CHANGING, DOWN, OFF, QUIET, STRONG, UP, Cell, heading, line, paragraph

WAITING = Cell("· waiting", QUIET)
ENDED = {
    "done": Cell("● done", UP),
    "skipped": Cell("○ skipped", OFF),
    "left out": Cell("○ left out", OFF),
}
"""By how a stage has ended; any other word is one of failure."""
EXPECTED = {
    "ok": Cell("● ok", UP),
    "asked": Cell("· asks you", CHANGING),
    "so already": Cell("● so already", UP),
    "left out": Cell("○ left out", OFF),
    "refused": Cell("■ refused", DOWN),
    "not reached": Cell("· not reached", QUIET),
}
"""By the word of a stage that was gone through without doing anything."""
BACK = "back/"
"""What the key of a stage begins with that undoes another."""
WORD = 15
NUMBER = 4


@dataclass(frozen=True, slots=True)
class Now:
    """Where a run is: the stage, its word, and how long each stage took."""

    key: str
    word: Cell
    spent: Callable[[str], str]
    waits: bool
    """For somebody: how long that takes is not said."""


def does(stage: StageTable) -> str:
    """What a stage is, in a few words."""
    return {
        "action": f"{stage.action} {stage.on}".strip(),
        "check": f"must hold: {stage.check}",
        "wait": f"waits until: {stage.wait}, up to {stage.patience_s:g} s",
        "question": f"asks: {stage.question}",
        "manual": f"by hand: {stage.manual}",
        "each": f"for {stage.each}, one after the other",
    }[stage.kind]


def purpose(runbook: Runbook, width: int) -> list[Content]:
    """What it is for, when to use it and when not, and what it will not do."""
    table = runbook.table
    lines = [heading("WHAT IT IS FOR", width), paragraph((Cell("  "),), table.purpose, width, STRONG)]
    told = {"use it when": table.use_when, "not when": table.not_when, "it will not": table.will_not}
    for title, words in told.items():
        for number, text in enumerate(words):
            lines.append(paragraph((Cell(f"  {'' if number else title:<13}", QUIET),), text, width))
    return lines


def described(
    stages: Sequence[StageTable], values: Mapping[str, Value], width: int, dry: Mapping[str, Sequence[DryStage]]
) -> list[Content]:
    """Every stage: what it does and why, and how it would go now, where that is known."""
    lines: list[Content] = []
    for number, stage in enumerate(stages, 1):
        lines += _described(stage, str(number), 2, values, width, dry)
        for inner_number, inner in enumerate(stage.stages, 1):
            whom = {**values, TARGET: "each of them"}
            lines += _described(inner, f"{number}.{inner_number}", 6, whom, width, dry)
    return lines


def _described(
    stage: StageTable,
    key: str,
    indent: int,
    values: Mapping[str, Value],
    width: int,
    dry: Mapping[str, Sequence[DryStage]],
) -> list[Content]:
    margin = " " * (indent + NUMBER)
    head = Cell(f"{' ' * indent}{key:<{NUMBER}}")
    lines = [paragraph((head,), filled(f"{stage.name}: {does(stage)}", values), width, STRONG)]
    if stage.says:
        lines.append(paragraph((Cell(margin),), filled(stage.says, values), width, QUIET))
    found = (_expected(one, margin, width) for one in dry.get(key, ()))
    return [*lines, *dict.fromkeys(found)]  # what would go the same for several is said once


def _expected(stage: DryStage, margin: str, width: int) -> Content:
    """How one stage would go, in a word, and why."""
    word, says = EXPECTED[stage.word], stage.says
    if stage.word == "ok" and stage.plan is not None:
        word, says = verdict(stage.plan), f"{stage.plan.title}: {stage.plan.impact.says}"
    lead = (Cell(margin), Cell(f"{word.text.lower():<13} ", word.style))
    return paragraph(lead, says, width, STRONG if stage.word == "refused" else "")


def passage(progress: Progress, now: Now | None, width: int) -> tuple[list[Content], int]:
    """Every stage with its word, targets that are over or not reached in one line; and which line is now."""
    lines: list[Content] = []
    here = 0
    for text, word, current in (*_rows(progress, now), *_undone(progress, now)):
        here = len(lines) if current else here
        lead = (Cell(" "), word, Cell(" " * max(1, WORD + 1 - len(word.text))))
        room = max(10, width - WORD - 2)
        lines.append(
            line(*lead, Cell(text if len(text) <= room else text[: room - 1] + "…", STRONG if current else ""))
        )
    return lines, here


def _rows(progress: Progress, now: Now | None) -> Iterator[tuple[str, Cell, bool]]:
    for number, stage in enumerate(progress.runbook.table.stages, 1):
        key = str(number)
        if not stage.each:
            yield f"{key:<{NUMBER}}{stage.name}", _word(key, progress, now), _is(key, now)
            continue
        targets = progress.targets.get(key)
        yield f"{key:<{NUMBER}}{stage.name}", _of_all(stage, key, targets, progress, now), False
        for target in targets or ():
            yield from _rows_for(stage, f"{key}/{target}", target, progress, now)


def _undone(progress: Progress, now: Now | None) -> Iterator[tuple[str, Cell, bool]]:
    """What leads back, in the order in which it was gone through."""
    keys = [key for key in progress.ended if key.startswith(BACK)]
    if now is not None and now.key.startswith(BACK) and now.key not in keys:
        keys.append(now.key)
    for key in keys:
        stage, _, target = key.removeprefix(BACK).rpartition("/")
        yield f"{'':<{NUMBER}}undo stage {stage}: {target}", _word(key, progress, now), _is(key, now)


def _rows_for(
    stage: StageTable, key: str, target: str, progress: Progress, now: Now | None
) -> Iterator[tuple[str, Cell, bool]]:
    inner = {f"{key}/{number}": one for number, one in enumerate(stage.stages, 1)}
    if now is None or now.key not in inner:
        yield f"{'':<{NUMBER}}{target}", _summary(inner, progress, now), False
        return
    for own, one in inner.items():
        yield f"{'':<{NUMBER}}{target}: {one.name}", _word(own, progress, now), _is(own, now)


def _word(key: str, progress: Progress, now: Now | None) -> Cell:
    if now is not None and now.key == key:
        return now.word if now.waits else _with(now.word, now.spent(key))
    outcome = progress.ended.get(key, "")
    if not outcome:
        return WAITING
    return _with(ENDED.get(outcome, Cell(f"■ {outcome}", DOWN)), now.spent(key) if now else "")


def _summary(keys: Iterable[str], progress: Progress, now: Now | None) -> Cell:
    """One word for everything that is done to a target: the first that is not simply done."""
    words = [_word(key, progress, now) for key in keys]
    if all(word.text.startswith(ENDED["done"].text) for word in words):
        return ENDED["done"]
    return next(word for word in words if not word.text.startswith(ENDED["done"].text))


def _of_all(stage: StageTable, key: str, targets: Sequence[str] | None, progress: Progress, now: Now | None) -> Cell:
    if targets is None:
        return WAITING
    over = sum(
        all(progress.passed(f"{key}/{target}/{number}") for number in range(1, len(stage.stages) + 1))
        for target in targets
    )
    return Cell(
        f"{'●' if over == len(targets) else '►'} {over} of {len(targets)}", UP if over == len(targets) else CHANGING
    )


def _is(key: str, now: Now | None) -> bool:
    return now is not None and now.key == key


def _with(word: Cell, spent: str) -> Cell:
    return Cell(f"{word.text} {spent}".rstrip(), word.style)
