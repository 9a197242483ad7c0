"""The plan in the journal: every op and every proof comes back as it was written."""

import dataclasses
import json
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import rfc8785

from console.change.actions import ACTIONS
from console.change.ops import Op, Wait
from console.change.plan import Plan, PlanError, Step
from console.change.proofs import Proof
from console.change.stored import KINDS, NotStored, decoded, encoded
from tests.cluster.pictures import calm

OPS, PROOFS = KINDS[Op], KINDS[Proof]


def example(kind: Any, of_class: type[Any]) -> Any:
    """A value of a type that is not its default, however it is put together."""
    if kind in (Op, Proof):
        return Wait() if kind is Op else example(next(iter(PROOFS.values())), of_class)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return example(next(one for one in args if one is not type(None)), of_class)
    if origin is Literal:
        return args[-1]
    if origin is tuple:
        return tuple(example(one, of_class) for one in args if one is not Ellipsis)
    if origin is not None and issubclass(origin, Mapping):
        return {example(args[0], of_class): example(args[1], of_class)}
    if dataclasses.is_dataclass(kind):
        assert isinstance(kind, type)
        return built(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[-1]
    plain = {str: "lb1: §", int: 7, float: 2.5, bool: True, datetime: datetime(2026, 1, 2, tzinfo=UTC)}
    assert kind in plain, f"{of_class.__name__} has a field of type {kind}: the journal cannot keep it"
    return plain[kind]


def built(kind: type[Any]) -> Any:
    hints = get_type_hints(kind)
    return kind(**{field.name: example(hints[field.name], kind) for field in dataclasses.fields(kind)})


def plan_with(**parts: Any) -> Plan:
    base = ACTIONS[0].plan(calm(), "app2", ACTIONS[0].values({}))
    return dataclasses.replace(base, steps=(dataclasses.replace(base.steps[0], **parts),))


def through_the_journal(plan: Plan) -> Plan:
    return decoded(json.loads(rfc8785.dumps(encoded(plan))))


@pytest.mark.parametrize("name", [name for name, kind in OPS.items() if hasattr(kind, "apply")])
def test_every_op_comes_back_as_it_was(name: str) -> None:
    plan = plan_with(op=built(OPS[name]), undo=built(OPS[name]), ends=built(OPS[name]))
    assert through_the_journal(plan) == plan


@pytest.mark.parametrize("name", [name for name, kind in PROOFS.items() if hasattr(kind, "look")])
def test_every_proof_comes_back_as_it_was(name: str) -> None:
    plan = plan_with(proof=built(PROOFS[name]), undone=built(PROOFS[name]))
    assert through_the_journal(plan) == plan


def test_every_action_comes_back_with_the_hash_that_was_confirmed() -> None:
    planned = 0
    for action in ACTIONS:
        for target in action.targets(calm()):
            try:
                plan = action.plan(calm(), target, action.values({}))
            except PlanError:
                continue  # an action that cannot be planned without more words
            planned += 1
            assert through_the_journal(plan) == plan
            assert through_the_journal(plan).hash == plan.hash
    assert planned >= len(ACTIONS) - 4


def test_a_step_of_another_version_is_told_by_its_name() -> None:
    data = encoded(plan_with())
    data["steps"][0]["op"]["is"] = "Teleport"
    with pytest.raises(NotStored, match="there is no op 'Teleport' in this version"):
        decoded(data)


@pytest.mark.parametrize("data", [None, {}, {"steps": 3}, "a plan"])
def test_what_is_no_plan_is_told_and_not_made_one(data: object) -> None:
    with pytest.raises(NotStored):
        decoded(data)


def test_a_step_has_no_field_that_the_journal_forgets() -> None:
    assert {field.name for field in dataclasses.fields(Step)} < set(encoded(plan_with())["steps"][0])
