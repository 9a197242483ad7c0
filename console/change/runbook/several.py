"""One action for several targets: a runbook of its own, so that each is planned on what the one before has left."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from console.change.action import Parameter
from console.change.actions import action_named
from console.change.bytesize import ByteSize
from console.change.plan import PlanError
from console.change.runbook.format import Runbook
from console.cluster.snapshot import Snapshot

TYPES: dict[type, str] = {int: "integer", float: "number", ByteSize: "size"}
PURPOSE = "{name} for {number}, one after the other, each checked on what the last one left."


def several(snapshot: Snapshot, name: str, targets: Sequence[str]) -> Runbook:
    """A stage for each target, with the parameters that the action asks for; its text is what the journal keeps.

    Raises PlanError for an action or a target that is not there.
    """
    action = action_named(name)
    there = action.targets(snapshot)
    if strangers := [target for target in targets if target not in there]:
        raise PlanError(f"{name}: {', '.join(strangers)} cannot be its target; {', '.join(there) or 'nothing'} can")
    of_each = [action.asked_of(snapshot, target) for target in targets]
    asked = [parameter for parameter in action.parameters if all(parameter in those for those in of_each)]
    text = "\n".join(_lines(name, list(dict.fromkeys(targets)), asked))
    return Runbook.decode(f"{name}-{len(targets)}", text, Path(f"{name}-{len(targets)}.toml"))


def _lines(name: str, targets: Sequence[str], asked: Sequence[Parameter]) -> Iterator[str]:
    yield f"title = {_quoted(name + ' ' + ', '.join(targets))}"
    yield f"purpose = {_quoted(PURPOSE.format(name=name, number=len(targets)))}"
    for parameter in asked:
        yield "\n[[parameters]]"
        yield f"name = {_quoted(parameter.name.replace('-', '_'))}"
        yield f"type = {_quoted(TYPES.get(parameter.kind, 'text'))}"
        yield f"says = {_quoted(parameter.says)}"
        yield f"default = {_value(parameter.default)}"
        if parameter.choices:
            yield f"choices = [{', '.join(map(_quoted, parameter.choices))}]"
    given = ", ".join(f"{_quoted(p.name)} = {_quoted('{' + p.name.replace('-', '_') + '}')}" for p in asked)
    for target in targets:
        yield f"\n[[stages]]\nname = {_quoted(f'{name} {target}')}\naction = {_quoted(name)}\non = {_quoted(target)}"
        if given:
            yield f"with = {{ {given} }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, int | float) and not isinstance(value, bool) else _quoted(str(value))
