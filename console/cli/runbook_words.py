"""A runbook as lines for a person."""

from collections.abc import Mapping

from console.change.runbook import Runbook
from console.change.runbook.estimate import Estimate, StageEstimate
from console.change.runbook.format import StageTable


def described(found: Runbook, takes: Estimate) -> list[str]:
    """What it is for, what it will not do, its stages, and how long they took before."""
    table = found.table
    lines = [table.title, "", table.purpose]
    if table.about:
        lines += ["", *table.about.splitlines()]
    for title, words in (
        ("Use it when", table.use_when),
        ("Not when", table.not_when),
        ("It will not", table.will_not),
    ):
        lines += ["", f"{title}:", *(f"  - {word}" for word in words)]
    if table.parameters:
        lines += ["", "Parameters:"]
        lines += [f"  --param {p.name}=… ({p.type}{_default(p.default)}): {p.says}" for p in table.parameters]
    lines += ["", "Stages:"]
    took = {one.key: one for one in takes.stages if one.took}
    for number, stage in enumerate(table.stages, 1):
        lines += _stage(stage, str(number), "  ", took)
    return [*lines, "", f"It takes: {takes.says}"]


def _stage(stage: StageTable, key: str, indent: str, took: Mapping[str, StageEstimate]) -> list[str]:
    does = {
        "action": f"{stage.action} {stage.on}".strip(),
        "check": f"must hold: {stage.check}",
        "wait": f"waits for: {stage.wait}, up to {stage.patience_s:g} s",
        "question": f"asks: {stage.question}",
        "manual": f"by hand: {stage.manual}",
        "each": f"for {stage.each}:",
    }[stage.kind]
    lines = [f"{indent}{key}. {stage.name}: {does}"]
    lines += [f"{indent}   {line}".rstrip() for line in stage.says.splitlines()]
    if key in took:
        lines.append(f"{indent}   took {took[key].says}")
    for number, inner in enumerate(stage.stages, 1):
        lines += _stage(inner, f"{key}.{number}", f"{indent}  ", took)
    return lines


def _default(value: object) -> str:
    return "" if value is None else f", {value} unless told"
