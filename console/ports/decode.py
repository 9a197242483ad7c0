"""Tables of TOML decoded into structs; every mistake is told with its path, what was expected and the nearest name."""

import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from console.cluster.text import meant

T = TypeVar("T")


class Mistake(Exception):
    """Something in a file is wrong; the message begins with the path into it."""

    def __init__(self, path: str, says: str) -> None:
        super().__init__(f"{path}: {says}")
        self.path = path


def convert(raw: object, into: type[T], at: str, hook: Callable[[type, Any], Any] | None = None) -> T:
    """Decode into a struct; `hook` decodes what is of no plain type. Raises Mistake."""
    try:
        return msgspec.convert(raw, into, dec_hook=hook)
    except msgspec.ValidationError as error:
        path, says = _explained(str(error), into, at)
        raise Mistake(path, says) from None


def _explained(message: str, into: type, at: str) -> tuple[str, str]:
    """msgspec's sentence, turned round: the path, then what was expected or the nearest known name."""
    what, _, where = message.partition(" - at `")
    path = at + where.rstrip("`").removeprefix("$")
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        key, names = unknown[1], sorted(_field_names(into))
        hint = meant(key, names).rstrip() or f"known keys are: {', '.join(names)}"
        return f"{path}.{key}", f"unknown key; {hint}"
    if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
        return f"{path}.{missing[1]}", "missing; it is required"
    what = what.replace("`", "").replace("Expected", "expected", 1)
    return path, f"{what[:1].lower()}{what[1:]}"


def _field_names(into: type, known: frozenset[type] = frozenset()) -> set[str]:
    """Every key that the struct, or a struct within it, knows."""
    names: set[str] = set()
    if issubclass(into, msgspec.Struct):
        names |= {field.encode_name for field in msgspec.structs.fields(into)}
    for hint in get_type_hints(into).values():
        for inner in (hint, *get_args(hint)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and inner not in known:
                names |= _field_names(inner, known | {into, inner})
    return names
