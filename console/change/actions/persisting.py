"""--persist: what is changed at run time is also written into the balancers' configurations, and outlives a reload."""

from collections.abc import Callable, Iterable, Mapping

from console.change.action import Parameter, Value
from console.change.ops import Place, Rewrite, WriteLines
from console.change.plan import Check, Step
from console.change.proofs import LinesRead, LinesUndone
from console.cluster.snapshot import Backend, Snapshot, WrittenLine

NO, YES = "no", "yes"
WRITE_S = 30.0
"""How long a balancer may take to check its configuration, and to be read again."""


def _means_something(snapshot: Snapshot, target: str) -> bool:
    """Some balancer's configuration can be written."""
    return any(not pool.refuses_lines and not pool.lasts for balancer in snapshot.balancers for pool in balancer.pools)


PARAMETER = Parameter(
    name="persist",
    kind=str,
    default=NO,
    says="write it into the balancers' configurations as well, so that it outlives a reload",
    choices=(NO, YES),
    applies=_means_something,
)

Line = Callable[[WrittenLine | None, Place], str | None]
"""What is to stand for a server in a place, made of what stands there."""


def asked(parameters: Mapping[str, Value]) -> bool:
    """Whether it is to be written."""
    return parameters["persist"] == YES


def told(parameters: Mapping[str, Value]) -> dict[str, Value]:
    """The parameters as a plan tells them: a no that says nothing is left out."""
    return {name: value for name, value in parameters.items() if (name, value) != (PARAMETER.name, NO)}


def checks(snapshot: Snapshot, places: Iterable[Place], parameters: Mapping[str, Value]) -> tuple[Check, ...]:
    """The configuration of every place can be written, where that is asked for."""
    if not asked(parameters):
        return ()
    return tuple(
        Check(
            says=f"the configuration of {place.balancer} can be written for {place.backend}",
            ok=not backend.refuses_lines,
            value=backend.refuses_lines or "yes",
            limit="yes",
        )
        for place, backend in _forgetful(snapshot, places)
    )


def steps(snapshot: Snapshot, places: Iterable[Place], parameters: Mapping[str, Value], line: Line) -> tuple[Step, ...]:
    """The step that writes every line that is to read otherwise; none where that is not asked for."""
    if not asked(parameters):
        return ()
    lines = []
    for place, backend in _forgetful(snapshot, places):
        written = backend.line_written(place.server)
        before, after = (written.line if written else None), line(written, place)
        if before != after:
            lines.append(Rewrite(place, before, after))
    if not lines:
        return ()
    op = WriteLines(tuple(lines))
    return (
        Step(
            does=f"write {lines[0].place.server} into the balancers' configurations",
            op=op,
            proof=LinesRead(tuple((one.place, one.after) for one in lines)),
            undo=op.undo,
            undone=LinesUndone(tuple((one.place, one.after) for one in lines)),
            patience_s=WRITE_S,
        ),
    )


def _forgetful(snapshot: Snapshot, places: Iterable[Place]) -> list[tuple[Place, Backend]]:
    """The places whose changes would not outlive a reload by themselves."""
    found = []
    for place in places:
        backend = snapshot.backend(place.balancer, place.backend) or Backend(name=place.backend)
        if not backend.lasts:
            found.append((place, backend))
    return found
