"""What a runbook says: words for a person, and stages that are planned one by one when they are reached.

    title, purpose, use_when, not_when, will_not
    [[parameters]]  name, type, says, default, choices
    [[stages]]      name, says, and one of: action (with `on` and `with`), check, wait, question, manual,
                    or `each` with stages of its own that are gone through for one target after the other

`{name}` stands for a parameter's value, `{target}` for the one that an `each` is at. A file is TOML, or Markdown with
TOML before its words (markdown.py).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from console.change.action import Value
from console.change.actions import action_named
from console.change.plan import PlanError
from console.change.runbook.conditions import CONDITIONS
from console.change.runbook.error import RunbookError
from console.change.runbook.lines import line_of
from console.change.runbook.markdown import SUFFIX, Words, fill, parted
from console.change.runbook.parameters import ParameterTable
from console.change.runbook.selectors import SELECTORS
from console.cluster.snapshot import Snapshot
from console.cluster.text import meant
from console.ports.decode import Mistake, convert

KINDS = ("action", "check", "wait", "question", "manual", "each")
"""What a stage may be; exactly one of them."""
BELONGS: Mapping[str, tuple[str, ...]] = {
    "on": ("action",),
    "with": ("action",),
    "without_lease": ("action",),
    "stages": ("each",),
    "approval": ("action", "question", "manual"),
    "unless": tuple(kind for kind in KINDS if kind != "each"),
}
"""What means something beside these kinds alone: anywhere else it would be silently without effect."""
FIELD = re.compile(r"{([a-z_]*)}")
LIMIT_BYTES = 32 * 1024
"""So that one record of the journal holds it whole: what was cut there could not be gone on with."""
TARGET = "target"


class StageTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One `[[stages]]` table."""

    name: str
    says: str = ""
    """Why, and what to look at."""
    action: str = ""
    on: str = ""
    """Whom the action is for: a selector, a parameter in braces, or a name."""
    parameters: dict[str, str | int | float] = msgspec.field(default_factory=dict, name="with")
    check: str = ""
    """A condition that must hold when the stage is reached."""
    wait: str = ""
    """A condition that is waited for."""
    patience_s: float = 300.0
    steady_s: float = 0.0
    """How long what is waited for must go on holding."""
    question: str = ""
    """Yes goes on, no stops."""
    manual: str = ""
    """What a person does; the stage is over when somebody says that it is done."""
    each: str = ""
    stages: list["StageTable"] = msgspec.field(default_factory=list)
    unless: str = ""
    """A condition under which the stage is left out."""
    without_lease: bool = False
    """Its action may go on where the set cannot keep the lease: other consoles are not excluded then."""
    approval: bool = False
    """Somebody else has to say yes, in a console of their own."""

    @property
    def kind(self) -> str:
        """The one thing that it is."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def asks(self) -> bool:
        """It needs its operator to answer."""
        return bool(self.question or self.manual) or any(stage.asks for stage in self.stages)


class RehearsalTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The `[rehearsal]` table: how the embedded lab is made to be before the runbook is rehearsed on it."""

    breaks: list[str] = msgspec.field(default_factory=list)
    """Nodes of the lab whose process is killed."""
    until: str = ""
    """The condition that is waited for then."""
    parameters: dict[str, str | int | float] = msgspec.field(default_factory=dict, name="with")


class RunbookTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    title: str
    purpose: str
    about: str = ""
    """More on the purpose, where it takes several paragraphs."""
    use_when: list[str] = msgspec.field(default_factory=list)
    not_when: list[str] = msgspec.field(default_factory=list)
    will_not: list[str] = msgspec.field(default_factory=list)
    """What it does not do, for whoever expects it."""
    parameters: list[ParameterTable] = msgspec.field(default_factory=list)
    rehearsal: RehearsalTable = msgspec.field(default_factory=RehearsalTable)
    stages: list[StageTable]


class Runbook:
    """A valid runbook."""

    def __init__(self, name: str, table: RunbookTable, path: Path, text: str) -> None:
        self.name = name
        self.table = table
        self.path = path
        self.text = text
        """As it was read: what a run of it keeps."""

    @classmethod
    def read(cls, path: Path) -> "Runbook":
        """Read and validate a file. Raises RunbookError."""
        try:
            if path.stat().st_size > LIMIT_BYTES:
                raise RunbookError(f"{path} is larger than {LIMIT_BYTES} bytes: not a runbook")
            return cls.decode(path.stem, path.read_bytes().decode("utf-8"), path)
        except OSError as error:
            raise RunbookError(f"runbook {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise RunbookError(f"{path}: not UTF-8 text at byte {error.start}") from None

    @classmethod
    def decode(cls, name: str, text: str, path: Path) -> "Runbook":
        """Validate a text. Raises RunbookError with the path into it, and its line where one is meant."""
        words: tuple[Words, ...] = ()
        places: dict[str, int] = {}
        tables = text
        try:
            if path.suffix == SUFFIX:
                tables, words = parted(text)
            places = {one.path: one.line for one in words}
            table = convert(tomllib.loads(tables), RunbookTable, "$")
            places |= fill(table, words)
            _validate(table)
        except tomllib.TOMLDecodeError as error:
            raise RunbookError(f"{path}: not valid TOML: {error}") from None
        except Mistake as mistake:
            line = places.get(mistake.path) or line_of(tables, mistake.path)
            raise RunbookError(f"{path}{f':{line}' if line else ''}: {mistake}") from None
        return cls(name, table, path, text)

    def check_names(self, values: Mapping[str, Value], snapshot: Snapshot) -> None:
        """Whether the nodes that parameters name are there. Raises RunbookError with the nearest name."""
        for parameter in self.table.parameters:
            parameter.check_name(values[parameter.name], snapshot)

    def rehearsed(self, given: Mapping[str, Value], snapshot: Snapshot) -> dict[str, Value]:
        """Every parameter's value for a rehearsal: as given, as the runbook says for it, or the first that fits."""
        values = {**self.table.rehearsal.parameters, **given}
        fitting = {p.name: p.fitting(snapshot) for p in self.table.parameters if p.name not in values}
        return self.values(values | {name: value for name, value in fitting.items() if value is not None})

    def values(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Every parameter's value. Raises RunbookError."""
        known = {parameter.name: parameter for parameter in self.table.parameters}
        for name in given:
            if name not in known:
                hint = meant(name, known)
                raise RunbookError(f"{self.name} has no parameter '{name}'; {hint}it has: {', '.join(known) or 'none'}")
        return {name: parameter.value(given) for name, parameter in known.items()}


def filled(text: str, values: Mapping[str, Value]) -> str:
    """The text with `{name}` replaced."""
    return FIELD.sub(lambda found: str(values.get(found[1], found[0])), text)


def _validate(table: RunbookTable) -> None:
    """Raises Mistake."""
    names = [parameter.name for parameter in table.parameters]
    for index, name in enumerate(names):
        at = f"$.parameters[{index}].name"
        if name in names[:index] or name == TARGET:
            raise Mistake(at, f"'{name}' is already a name")
    if not table.stages:
        raise Mistake("$.stages", "there is none")
    if table.rehearsal.until:
        _known("$.rehearsal.until", table.rehearsal.until, CONDITIONS, "condition")
    for name in table.rehearsal.parameters:
        _known("$.rehearsal.with", name, names, "parameter")
    for index, stage in enumerate(table.stages):
        _stage(stage, f"$.stages[{index}]", set(names))


def _stage(stage: StageTable, at: str, names: set[str]) -> None:
    given = [kind for kind in KINDS if getattr(stage, kind)]
    if len(given) != 1:
        said = " and ".join(given) or "none of them"
        raise Mistake(at, f"expected one of {', '.join(KINDS)}; it has {said}")
    for field, text in _texts(stage):
        for name in FIELD.findall(text):
            _known(f"{at}.{field}", name, names, "parameter")
    for field in ("check", "wait", "unless"):
        if condition := getattr(stage, field):
            _known(f"{at}.{field}", condition, CONDITIONS, "condition")
    for field, kinds in BELONGS.items():
        if getattr(stage, "parameters" if field == "with" else field) and stage.kind not in kinds:
            raise Mistake(f"{at}.{field}", f"belongs to {' or '.join(kinds)}, and this is a {stage.kind}")
    if stage.action:
        _action(stage, at)
    if stage.each:
        _group(stage, at, names)


def _group(stage: StageTable, at: str, names: set[str]) -> None:
    _known(f"{at}.each", stage.each, SELECTORS, "selector")
    if not stage.stages:
        raise Mistake(f"{at}.stages", "there is none for `each`")
    for index, inner in enumerate(stage.stages):
        if inner.each:
            raise Mistake(f"{at}.stages[{index}].each", "no `each` within an `each`")
        _stage(inner, f"{at}.stages[{index}]", names | {TARGET})


def _texts(stage: StageTable) -> Iterator[tuple[str, str]]:
    """What may hold names in braces."""
    for field in ("says", "on", "question", "manual"):
        yield field, getattr(stage, field)
    for name, value in stage.parameters.items():
        yield f"with.{name}", str(value)


def _action(stage: StageTable, at: str) -> None:
    try:
        action = action_named(stage.action)
    except PlanError as problem:
        raise Mistake(f"{at}.action", str(problem)) from None
    if not stage.on:
        raise Mistake(f"{at}.on", "missing; whom is the action for: a selector, a parameter in braces, or a name?")
    known = {parameter.name for parameter in action.parameters}
    for name in stage.parameters:
        _known(f"{at}.with", name, known, f"parameter of {action.name}")


def _known(at: str, name: str, names: Any, what: str) -> None:
    if name in names:
        return
    hint = meant(name, names).rstrip() or f"there are: {', '.join(sorted(names)) or 'none'}"
    raise Mistake(at, f"no {what} '{name}'; {hint}")
