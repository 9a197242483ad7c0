"""resize: give a node more or less memory, cpus, cache or workers, and read the new size inside it."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

from console.change.action import Action, Parameter, Value
from console.change.actions import node, node_checks
from console.change.bytesize import EXPECTED, ByteSize, amount
from console.change.ops import Resize, Wait
from console.change.plan import Check, Plan, PlanError, Step
from console.change.proofs import ServiceIs, SizeIs
from console.change.proofs.node import size_words
from console.cluster.snapshot import Node, ServiceState, Size, Snapshot

MIB, GIB = 2**20, 2**30
LEAST_CACHE_BYTES = 256 * MIB
BESIDE_CACHE_BYTES = GIB
"""What a mongod needs beside its cache."""
READ_WITHIN_S = 90.0
"""The longest since the size was last read: it does not move by itself."""

PARAMETERS = (
    Parameter(name="memory", kind=ByteSize, default=0, says="memory, e.g. 8GiB; 0: as it is", expects=EXPECTED),
    Parameter(name="cpus", kind=float, default=0.0, says="cpus; 0: as they are", least=0, most=1024),
    Parameter(
        name="cache",
        kind=ByteSize,
        default=0,
        says="WiredTiger cache; 0: by the memory",
        expects=EXPECTED,
        tier="replica_set",
    ),
    Parameter(
        name="workers",
        kind=int,
        default=0,
        says="requests at once; 0: as they are",
        least=0,
        most=100_000,
        tier="app",
    ),
    *node.PARAMETERS,
)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """Taken out of its work, resized, started, the size read inside it, and put back."""
    work = node.find(snapshot, target)
    wanted = _wanted(work, parameters)
    turn = not work.node.size_live or wanted.cache_bytes is not None
    return Plan(
        action="resize",
        target=target,
        parameters=parameters,
        title=f"Resize {target}",
        cluster=snapshot.cluster,
        checks=(*_size_checks(work.node, wanted), *(node_checks.checks(snapshot, work, parameters) if turn else ())),
        steps=_steps(snapshot, work, parameters, wanted, turn) if _differs(work.node, wanted) else (),
        impact=node.impact_of(snapshot, work, parameters),
        fingerprint=node.fingerprint(snapshot, work),
        notes=(*(node.notes(snapshot, work) if turn else ()), *_notes(wanted)),
    )


def cache_for(memory_bytes: int) -> int:
    """What WiredTiger takes of so much memory when nothing else is said: half of what is beside the first GiB."""
    return max(LEAST_CACHE_BYTES, _whole_mib((memory_bytes - GIB) // 2))


def _whole_mib(size_bytes: int) -> int:
    """As mongod reads it: what is beyond the last whole MiB is left out."""
    return size_bytes // MIB * MIB


def _wanted(work: node.Work, parameters: Mapping[str, Value]) -> Size:
    memory, cache = int(parameters["memory"]), int(parameters["cache"])
    if not cache and memory and work.node.size and work.node.size.cache_bytes is not None:
        cache = cache_for(memory)
    wanted = Size(
        cpus=float(parameters["cpus"]) or None,
        memory_bytes=memory or None,
        cache_bytes=_whole_mib(cache) if cache else None,
        workers=int(parameters["workers"]) or None,
    )
    if wanted == Size():
        raise PlanError(f"resize {work.node.name} to what? give --memory, --cpus, --cache or --workers")
    return wanted


def _differs(there: Node, wanted: Size) -> bool:
    return there.size is None or _filled(there.size, wanted) != there.size


def _filled(size: Size, wanted: Size) -> Size:
    given = {f.name: value for f in fields(Size) if (value := getattr(wanted, f.name)) is not None}
    return replace(size, **given)


def _steps(
    snapshot: Snapshot, work: node.Work, parameters: Mapping[str, Value], wanted: Size, turn: bool
) -> tuple[Step, ...]:
    name = work.node.name
    before = _before(work.node, wanted)
    resized = Step(
        does=f"resize {name} to {size_words(wanted)}",
        op=Resize(name, wanted),
        expects=ServiceIs(name, ServiceState.STOPPED) if turn else None,
        proof=SizeIs(name, wanted),
        undo=Resize(name, before),
        undone=SizeIs(name, before),
        patience_s=60.0,
    )
    steps = node.steps(snapshot, work, parameters, (resized,), turn=turn)
    if not turn:
        return steps
    started = next(number for number, step in enumerate(steps) if step.does == f"start the service of {name}")
    read = Step(
        does=f"read the size of {name} inside it",
        op=Wait(),
        proof=SizeIs(name, wanted),
        undo_says="a look changes nothing",
        patience_s=60.0,
    )
    return (*steps[: started + 1], read, *steps[started + 1 :])


def _before(there: Node, wanted: Size) -> Size:
    """The present values of what is to change."""
    now = there.size or Size()
    return now.only(wanted)


def _size_checks(there: Node, wanted: Size) -> tuple[Check, ...]:
    read = there.size_age_s is not None and there.size_age_s <= READ_WITHIN_S
    because = f": {there.size_reason}" if there.size_reason else ""
    known = Check(
        says=f"the size of {there.name} can be read and changed",
        ok=there.has_size and there.size is not None and read,
        value=(size_words(there.size) if there.size else f"not known{because}") if there.has_size else "not told",
        limit=f"read within {READ_WITHIN_S:g} s" if there.has_size else "`size` in its [[nodes]] table",
    )
    if there.size is None:
        return (known,)
    right = Check(says=f"our user may resize {there.name}", ok=False, value=there.size_forbidden, limit="yes")
    return (
        known,
        *((right,) if there.size_forbidden else ()),
        *_range_checks(there, there.size, wanted),
        *_room_checks(there, there.size, wanted),
    )


def _range_checks(there: Node, now: Size, wanted: Size) -> Iterator[Check]:
    """Each value is one that such a node has, and no more than it can be given."""
    for field in fields(Size):
        asked, most = getattr(wanted, field.name), getattr(there.size_most, field.name)
        option = f"--{field.name.removesuffix('_bytes')}"
        if asked is not None and getattr(now, field.name) is None:
            yield Check(says=f"{option} applies to {there.name}", ok=False, value="it has none", limit="yes")
        elif asked is not None and most is not None:
            yield Check(
                says=f"{there.name} can be given what {option} asks for",
                ok=asked <= most,
                value=size_words(Size(**{field.name: asked})),
                limit=f"at most {size_words(Size(**{field.name: most}))}",
            )


def _room_checks(there: Node, now: Size, wanted: Size) -> Iterator[Check]:
    """The memory holds what is in use, and the cache with what a mongod needs beside it."""
    if wanted.memory_bytes is not None:
        used = there.in_use_bytes
        yield Check(
            says=f"{there.name} has room in {amount(wanted.memory_bytes)}",
            ok=used is not None and wanted.memory_bytes >= used,
            value="what it uses is not known" if used is None else f"{amount(used)} in use",
            limit=f"at most {amount(wanted.memory_bytes)}",
        )
    cache, memory = wanted.cache_bytes or now.cache_bytes, wanted.memory_bytes or now.memory_bytes
    if cache and memory and (wanted.cache_bytes or wanted.memory_bytes):
        yield Check(
            says=f"the cache leaves {amount(BESIDE_CACHE_BYTES)} of memory for the rest",
            ok=cache + BESIDE_CACHE_BYTES <= memory,
            value=f"{amount(cache)} of {amount(memory)}",
            limit=f"at most {amount(max(0, memory - BESIDE_CACHE_BYTES))}",
        )
    if wanted.cache_bytes is not None:
        yield Check(
            says="the cache is one that WiredTiger takes",
            ok=wanted.cache_bytes >= LEAST_CACHE_BYTES,
            value=amount(wanted.cache_bytes),
            limit=f"at least {amount(LEAST_CACHE_BYTES)}",
        )


def _notes(wanted: Size) -> tuple[str, ...]:
    if wanted.cache_bytes is None:
        return ()
    return (f"The WiredTiger cache becomes {amount(wanted.cache_bytes)}: it is set when the member starts.",)


ACTION = Action(
    name="resize",
    does="Give a node another size, taken out of its work before and put back after",
    tier="node",
    plan=plan,
    still=node_checks.still,
    parameters=PARAMETERS,
    targets=lambda snapshot: tuple(n.name for n in snapshot.nodes if n.has_size and "balancer" not in n.roles),
)
