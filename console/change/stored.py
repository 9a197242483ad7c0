"""A whole plan as plain data and back: what the journal keeps of it, so that another process can go on with it.

Every op and proof that its package exports is known here by the name of its class.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from console.change import ops, proofs
from console.change.plan import Plan

TAG = "is"


class NotStored(Exception):
    """What the journal keeps of a plan cannot be made a plan again; the message says why."""


def encoded(plan: Plan) -> dict[str, Any]:
    """Plain values, each op and proof tagged with the name of its class."""
    data: dict[str, Any] = _plain(plan)
    return data


def decoded(data: object) -> Plan:
    """The plan that these values were made from. Raises NotStored."""
    try:
        return msgspec.convert(data, Plan, dec_hook=_of_kind)
    except (msgspec.ValidationError, NotImplementedError) as error:
        raise NotStored(f"its plan cannot be read from the journal: {error}") from None


def _exported(room: Any) -> dict[str, type[Any]]:
    exported: dict[str, Any] = {name: getattr(room, name) for name in room.__all__}
    return {name: kind for name, kind in exported.items() if isinstance(kind, type) and is_dataclass(kind)}


KINDS: Mapping[type[Any], Mapping[str, type[Any]]] = {ops.Op: _exported(ops), proofs.Proof: _exported(proofs)}
"""The classes that a field of this type may hold, by name."""


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        own = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {TAG: type(value).__name__, **own}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return msgspec.to_builtins(value)


def _of_kind(kind: type[Any], data: Any) -> Any:
    known = KINDS.get(kind)
    if known is None:
        raise NotImplementedError(f"no rule to decode {kind.__name__}")
    name = str(data.get(TAG)) if isinstance(data, Mapping) else ""
    if name not in known:
        raise NotImplementedError(f"there is no {kind.__name__.lower()} '{name}' in this version")
    return msgspec.convert(data, known[name], dec_hook=_of_kind)
