"""What the screens draw, as lines: one thing with all its fields."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum

from console.change.journal import Deed
from console.cluster import duration
from console.cluster.history import Sample
from console.cluster.series import KINDS, MEASURES, series
from console.cluster.snapshot import AppServer, Balancer, Member, Node, Snapshot, SpareMember

UNITS = {"_s": "s", "_ms": "ms", "_bytes": "GiB"}
GIB = 2**30
HIDDEN = frozenset({"name", "server", "line", "ready", "maint", "weighed", "written", "has_service", "has_size"})
"""Said by the line itself, or by what stands beside it."""


Named = AppServer | Balancer | Member | SpareMember | Node


def things(snapshot: Snapshot, name: str) -> list[tuple[str, Named]]:
    """All that stands under a name, with its tier: a server is a node too."""
    return [(tier, one) for tier, one in _all(snapshot) if one.name == name]


def names(snapshot: Snapshot) -> list[str]:
    """Everything that can be shown, each once."""
    return list(dict.fromkeys(one.name for _, one in _all(snapshot)))


def _all(snapshot: Snapshot) -> Iterator[tuple[str, Named]]:
    tiers: tuple[tuple[str, Sequence[Named]], ...] = (
        ("app", snapshot.app_servers),
        ("app", snapshot.spare_servers),
        ("balancer", snapshot.balancers),
        ("replica_set", snapshot.replica_set.members),
        ("replica_set", snapshot.spare_members),
        ("node", snapshot.nodes),
    )
    return ((tier, one) for tier, those in tiers for one in those)


def described(tier: str, thing: Named) -> Iterator[str]:
    """Every field that is known of it, a line each."""
    yield f"{KINDS[tier]} {thing.name}"
    yield from _fields(thing, "  ")


def _fields(thing: object, indent: str) -> Iterator[str]:
    if not is_dataclass(thing):
        return
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name in HIDDEN or value in ("", None, ()):
            continue
        title, unit = _titled(field.name)
        if unit == " GiB":
            value = value / GIB
        if isinstance(value, tuple) and value and not isinstance(value[0], str | int | float):
            for one in value:
                yield f"{indent}{title}: {_words(one)}"
        elif words := _words(value):
            yield f"{indent}{title}: {words}{unit}"


def _titled(name: str) -> tuple[str, str]:
    for end, unit in UNITS.items():
        if name.endswith(end) and not name.endswith("_by"):
            return name.removesuffix(end).replace("_", " "), f" {unit}"
    return name.replace("_", " "), ""


def _words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.1f}".removesuffix(".0") if abs(value) < 100 else f"{value:.0f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} UTC"
        case Enum():
            return str(value.value)
        case tuple():
            return ", ".join(map(_words, value))
    if not is_dataclass(value):
        return str(value)
    told = [line.strip() for line in _fields(value, "")]
    return "; ".join([*filter(None, [getattr(value, "name", "")]), *told])


def measured(samples: Sequence[Sample], tier: str, name: str) -> Iterator[str]:
    """What the charts draw: now, least and most of the last minutes."""
    if not samples or tier not in MEASURES:
        return
    over = duration.span(samples[-1].at_s - samples[0].at_s)
    for one in series(samples, tier, name):
        if known := one.known:
            unit = f" {one.unit}" if one.unit else ""
            says = f"now {known[-1]:.4g}{unit}, least {min(known):.4g}, most {max(known):.4g}"
            yield f"  {one.title} over {over}: {says}"


def done(deeds: Iterable[Deed]) -> Iterator[str]:
    """What was done to it lately."""
    for one in deeds:
        reason = f": {one.reason}" if one.reason else ""
        yield f"  {one.at:%Y-%m-%d %H:%M} UTC {one.outcome or 'begun'}: {one.does} by {one.who}{reason}"
