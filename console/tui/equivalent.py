"""What a script would say to do the same: every dialog shows it, so that what is done by hand can be written down."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Literal

from textual.content import Content

from console.change.action import Parameter, Value
from console.change.actions import action_named
from console.change.bytesize import ByteSize, exactly
from console.change.plan import Plan
from console.change.runbook import Runbook
from console.cluster.text import clean
from console.tui.words import QUIET, Cell, line, paragraph

TEXT = "TEXT"
"""Stands where a reason has not been typed yet."""


def shown(command: str, width: int) -> Content:
    """As it is typed at a prompt."""
    return paragraph((Cell("  $ ", QUIET),), command, width)


def beside(command: str, width: int) -> Content:
    """Its beginning, on one line."""
    whole = clean(command, limit=len(command))
    return line(Cell(" $ ", QUIET), whole if len(whole) <= width - 3 else f"{whole[: width - 4]}…")


def change(plan: Plan, reason: str) -> str:
    """To have this very plan carried out; what is as it is without being said is not said."""
    known = {parameter.name: parameter for parameter in action_named(plan.action).parameters}
    given = {name: value for name, value in plan.parameters.items() if value != known[name].default}
    options = [f"--{name}={_option(known[name], value)}" for name, value in given.items()]
    target = [plan.target] if plan.target else []
    return _line("run", plan.action, *target, *options, *_confirmed(reason, plan.confirm_words), "--plan", plan.hash)


def planned(action: str, targets: Sequence[str]) -> str:
    """To see what an action would do."""
    if len(targets) < 2:
        return _line("plan", action, *targets)
    return _line("runbook", "run", action, *targets, "--dry-run")


def guided(runbook: Runbook, values: Mapping[str, Value], reason: str) -> str:
    """To begin a runbook; one action for several targets is one, too."""
    actions = {stage.action for stage in runbook.table.stages}
    written = runbook.path.is_absolute()
    whom = [runbook.name] if written else [*actions, *(stage.on for stage in runbook.table.stages)]
    default = {parameter.name: parameter.default for parameter in runbook.table.parameters}
    given = [f"--param={name}={value}" for name, value in values.items() if value != default.get(name)]
    return _line("runbook", "run", *whom, *given, "--reason", reason or TEXT)


def gone_on(run: str) -> str:
    """To go on with a run of a runbook."""
    return _line("runbook", "resume", run)


def approved(run: str, agrees: bool) -> str:
    """To answer what another operator's runbook waits for."""
    return _line("runbook", "approve", run, *([] if agrees else ["--no"]))


def interrupted(way: Literal["resume", "undo", "close"], run: str, words: str | None, reason: str) -> str:
    """To go on with an interrupted run, to undo it, or to leave it."""
    confirmed = ["--reason", reason or TEXT] if way == "close" else _confirmed(reason, words)
    return _line("journal", way, run, *confirmed)


def connections() -> str:
    """To try everything that the cluster file names."""
    return _line("config", "test")


def _option(parameter: Parameter, value: Value) -> str:
    if parameter.kind is ByteSize:
        return exactly(int(value)).replace(" ", "")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _confirmed(reason: str, words: str | None) -> list[str]:
    return ["--reason", reason or TEXT, *(["--yes"] if words is None else ["--confirm", words])]


def _line(*words: str) -> str:
    return shlex.join(["watchkeeper", *words])
