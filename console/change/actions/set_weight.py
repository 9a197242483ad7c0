"""set-weight: another share of the traffic for an application server, on every balancer."""

from collections.abc import Mapping

from console.change.action import Action, Parameter, Value
from console.change.actions import offers, persisting, pool
from console.change.ops import Place, SetWeights
from console.change.plan import Plan, Step
from console.change.proofs import WeightIs
from console.cluster.finding import listed
from console.cluster.snapshot import AppServer, Snapshot
from console.cluster.whatif import impact, with_weight

AS_OTHERS = -1
PARAMETERS = (
    Parameter(
        name="weight",
        kind=int,
        default=AS_OTHERS,
        says="its weight, 0 to 256; -1: as the other servers have",
        least=AS_OTHERS,
        most=256,
    ),
    persisting.PARAMETER,
)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """In all places or in none; a weight of 0 must leave another server serving, as a drain must."""
    server = pool.find(snapshot, target)
    wanted = int(parameters["weight"])
    before = tuple((pool.place(entry), entry.weight) for entry in server.pools)
    after = tuple(
        (place, pool.usual_weight(snapshot, place.balancer, place.backend, target) if wanted == AS_OTHERS else wanted)
        for place, _ in before
    )
    places, weights = [place for place, _ in before], dict(after)
    written = persisting.steps(
        snapshot,
        places,
        parameters,
        lambda line, place: line.weighed.replace("{weight}", str(weights[place])) if line else None,
    )
    return Plan(
        action="set-weight",
        target=target,
        parameters=persisting.told(parameters),
        title=f"Give {target} " + ("the weight of the others" if wanted == AS_OTHERS else f"weight {wanted}"),
        cluster=snapshot.cluster,
        checks=(
            *pool.balancer_checks(snapshot, server),
            *pool.weights_checks(snapshot, ((place.balancer, place.backend) for place in places)),
            *((pool.capacity_check(snapshot, server),) if wanted == 0 else ()),
            *persisting.checks(snapshot, places, parameters),
        ),
        steps=(*([_step(target, before, after)] if before != after else []), *written),
        impact=impact(snapshot, with_weight(snapshot, target, 0) if wanted == 0 else snapshot, tier="app"),
        fingerprint=(*pool.fingerprint(server), *((f"{place} weight", str(weight)) for place, weight in before)),
        notes=_notes(snapshot, server, weights, persists=persisting.asked(parameters)),
    )


def _step(name: str, before: tuple[tuple[Place, int], ...], after: tuple[tuple[Place, int], ...]) -> Step:
    return Step(
        does=f"set the weight of {name} on every balancer",
        op=SetWeights(after),
        proof=WeightIs(after),
        undo=SetWeights(before, thorough=True),
        undone=WeightIs(before),
    )


def _notes(snapshot: Snapshot, server: AppServer, after: Mapping[Place, int], *, persists: bool) -> tuple[str, ...]:
    notes = []
    if 0 in after.values():
        notes.append(
            f"A weight of 0 sends {server.name} no new clients, and no status shows it: `drain {server.name}` says so."
        )
    differs = [
        f"{entry.written_weight} in {entry.backend} on {entry.balancer}"
        for entry in server.pools
        if entry.written_weight not in (None, after[pool.place(entry)]) and not offers.lasts(snapshot, entry)
    ]
    if differs and not persists:
        notes.append(f"It will not survive a reload: the configuration says {listed(differs)}.")
    return tuple(notes)


ACTION = Action(
    name="set-weight",
    does="Change a server's share of the traffic in every pool",
    tier="app",
    plan=plan,
    parameters=PARAMETERS,
    targets=pool.servers,
)
