"""What a runbook is given: words, numbers, sizes, and names of nodes that must be there."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from console.change.action import Value
from console.change.bytesize import ByteSize
from console.change.runbook.error import RunbookError
from console.change.runbook.selectors import NAMED
from console.cluster.snapshot import Snapshot
from console.cluster.text import meant

TYPES: Mapping[str, type] = {"text": str, "integer": int, "number": float, "size": ByteSize} | dict.fromkeys(NAMED, str)


class ParameterTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One `[[parameters]]` table."""

    name: str
    type: Literal[
        "text",
        "integer",
        "number",
        "size",
        "app server",
        "spare app server",
        "member",
        "secondary",
        "spare member",
        "balancer",
    ] = "text"
    says: str = ""
    default: str | int | float | None = None
    """None: it has to be given."""
    choices: list[str] = msgspec.field(default_factory=list)

    def value(self, given: Mapping[str, Value]) -> Value:
        """What it is, given or by default. Raises RunbookError."""
        said = given.get(self.name, self.default)
        if said is None:
            raise RunbookError(f"--param {self.name}=…: it has to be given: {self.says or self.type}")
        try:
            value: Value = TYPES[self.type](said)
        except ValueError:
            raise RunbookError(f"--param {self.name}: expected {self.type}, got '{said}'") from None
        if self.choices and str(value) not in self.choices:
            choices = ", ".join(self.choices)
            raise RunbookError(f"--param {self.name}: expected one of {choices}, got '{said}'")
        return value

    def check_name(self, said: Value, snapshot: Snapshot) -> None:
        """Whether the node that it names is there. Raises RunbookError with the nearest name."""
        there = self.names(snapshot)
        if self.type in NAMED and said not in there:
            hint = meant(str(said), there)
            names = ", ".join(there) or "none"
            raise RunbookError(f"--param {self.name}: no {self.type} '{said}'; {hint}there are: {names}")

    def fitting(self, snapshot: Snapshot) -> Value | None:
        """The first node that it may name; None where it names none."""
        return next(iter(self.names(snapshot)), None)

    def names(self, snapshot: Snapshot) -> tuple[str, ...]:
        """The nodes that it may name; empty where it names none."""
        return NAMED[self.type](snapshot) if self.type in NAMED else ()
