"""The JSON Schema of a runbook file, for editors: the shape of its tables, and the words that a field may hold."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from console.change.action import Action
from console.change.actions import ACTIONS
from console.change.runbook.conditions import CONDITIONS
from console.change.runbook.format import BELONGS, KINDS, RunbookTable
from console.change.runbook.selectors import SELECTORS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "runbook.schema.json"
"""Beside the bundled runbooks."""
SAYS: Mapping[str, Mapping[str, str]] = {
    "RunbookTable": {
        "title": "What the runbook does, in a few words.",
        "purpose": "What it is for, in a sentence or two.",
        "about": "More on the purpose, where it takes several paragraphs.",
        "use_when": "When to use it.",
        "not_when": "When not to.",
        "will_not": "What it does not do, for whoever expects it.",
        "parameters": "What is given when it is run; `{name}` stands for the value.",
        "rehearsal": "How the embedded lab is made to be before the runbook is rehearsed on it.",
        "stages": "Gone through one after the other; each is planned when it is reached.",
    },
    "RehearsalTable": {
        "breaks": "Nodes of the lab whose process is killed.",
        "until": "The condition that is waited for then.",
        "with": "Parameters of the rehearsal.",
    },
    "ParameterTable": {
        "name": "Stands in braces where its value is meant.",
        "type": "What it may be: a kind of node must be there when the runbook begins.",
        "says": "What it means, and its unit.",
        "default": "Without one, it has to be given.",
        "choices": "The only values that it may have.",
    },
    "StageTable": {
        "name": "In a few words.",
        "says": "Why, and what to look at.",
        "action": "What is changed: planned, confirmed, proved and written down.",
        "on": "Whom the action is for: a selector, a parameter in braces, or a name.",
        "with": "The action's own parameters.",
        "check": "What must hold when the stage is reached.",
        "wait": "What is waited for.",
        "patience_s": "How long, in seconds.",
        "steady_s": "How long, in seconds, what is waited for must go on holding.",
        "question": "Yes goes on, no stops.",
        "manual": "What a person does by hand, and says when it is done.",
        "each": "Whom the stages within are for, one after the other; `{target}` stands for the one.",
        "stages": "What is gone through for each.",
        "unless": "A condition under which the stage is left out.",
        "without_lease": "Its action may go on where the set cannot keep the lease.",
        "approval": "Somebody else has to say yes, in a console of their own.",
    },
}
"""What an editor shows beside a field."""

_CONDITION = {"type": "string", "enum": sorted(CONDITIONS)}


def schema() -> Schema:
    """Draft 2020-12, in words that editors of older drafts read as well: no `const`, no `if`."""
    tables: dict[str, Schema] = msgspec.json.schema(RunbookTable)["$defs"]
    for name, table in tables.items():
        for field, says in SAYS.get(name, {}).items():
            if field in table["properties"]:
                table["properties"][field]["description"] = says
        for property in table["properties"].values():
            if property.get("default") in ("", None, [], {}):
                property.pop("default", None)  # an empty one is none: nothing that an editor should offer
    tables["RunbookTable"]["properties"]["stages"]["minItems"] = 1
    until = tables["RehearsalTable"]["properties"]["until"]
    tables["RehearsalTable"]["properties"]["until"] = {**until, "enum": sorted(CONDITIONS)}
    tables["RehearsalTable"]["properties"]["until"] |= _CONDITION
    outer = tables["StageTable"]
    tables["StageTable"] = _stage(outer, KINDS)
    tables["Parameters"] = {"allOf": [_parameters(action) for action in ACTIONS]}
    tables["StageWithinEach"] = _stage(outer, [kind for kind in KINDS if kind != "each"])
    return {"$schema": DIALECT, "title": "A runbook", "$ref": "#/$defs/RunbookTable", "$defs": tables}


def encoded() -> bytes:
    """As a file: the same bytes for the same format."""
    return msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2) + b"\n"


def _stage(table: Schema, kinds: Iterable[str]) -> Schema:
    """A stage that is exactly one of these."""
    kinds, fields = tuple(kinds), dict(table["properties"])
    for field in ("check", "wait", "unless"):
        fields[field] = {**fields[field], **_CONDITION}
    for field in ("question", "manual"):
        fields[field] = {**fields[field], "minLength": 1}
    fields["action"] = {**fields["action"], "enum": [action.name for action in ACTIONS]}
    fields["on"] = {**fields["on"], "anyOf": [{"enum": sorted(SELECTORS)}, {"type": "string", "minLength": 1}]}
    fields["each"] = {**fields["each"], "enum": sorted(SELECTORS)}
    fields["stages"] = {**fields["stages"], "minItems": 1, "items": {"$ref": "#/$defs/StageWithinEach"}}
    if "each" not in kinds:
        del fields["each"], fields["stages"]
    return {
        **table,
        "properties": fields,
        "oneOf": [{"required": [kind]} for kind in kinds],
        "allOf": [
            {"anyOf": [_without("action"), {"required": ["on"]}]},
            *([{"anyOf": [_without("each"), {"required": ["stages"]}]}] if "each" in kinds else []),
            *({"anyOf": [_without(field), *_any(kinds, of)]} for field, of in BELONGS.items()),
            {"$ref": "#/$defs/Parameters"},
        ],
    }


def _without(field: str) -> Schema:
    """Not there; what is there and false says no more than that."""
    return {"not": {"required": [field], "properties": {field: {"not": {"enum": [False]}}}}}


def _any(kinds: Iterable[str], of: Iterable[str]) -> list[Schema]:
    return [{"required": [kind]} for kind in of if kind in kinds]


def _parameters(action: Action) -> Schema:
    """Where a stage is of that action, `with` holds these."""
    known = {parameter.name: {"description": parameter.says} for parameter in action.parameters}
    given = {"properties": known, "additionalProperties": False}
    other = {"not": {"required": ["action"], "properties": {"action": {"enum": [action.name]}}}}
    return {"anyOf": [other, {"properties": {"with": given}}]}
