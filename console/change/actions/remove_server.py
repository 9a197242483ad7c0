"""remove-server: an application server leaves every pool for good, after its last session."""

from collections.abc import Mapping
from dataclasses import replace

from console.change.action import Action, Value
from console.change.actions import drain, maint, offers, persisting, pool
from console.change.ops import AddServers, DeleteServers, Entry
from console.change.plan import Holding, Plan, Step
from console.change.proofs import Gone, Stands
from console.cluster.finding import listed
from console.cluster.snapshot import Admin, AppServer, Snapshot
from console.cluster.whatif import impact, without_left

DELETE_S = 30.0
"""How long the last connection may take to go."""


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """The steps of maintenance, a wait for what came meanwhile, then deletion on all balancers or on none."""
    server = pool.find(snapshot, target)
    as_maint = maint.plan(snapshot, target, {**parameters, persisting.PARAMETER.name: persisting.NO})
    places = [pool.place(entry) for entry in server.pools]
    written = persisting.steps(snapshot, places, parameters, lambda line, place: None)
    waited = pool.wait_idle(snapshot, server, server.pools, float(parameters["deadline"]))
    return replace(
        as_maint,
        action="remove-server",
        parameters=persisting.told(parameters),
        title=f"Remove {target} from the pools",
        checks=(
            *as_maint.checks,
            *pool.servers_checks(snapshot, ((place.balancer, place.backend) for place in places)),
            *persisting.checks(snapshot, places, parameters),
        ),
        steps=(*as_maint.steps, *([waited] if waited else []), _delete(server), *written) if server.pools else (),
        impact=impact(snapshot, without_left(snapshot, target), tier="app"),
        fingerprint=(*as_maint.fingerprint, *((f"{pool.place(e)} weight", str(e.weight)) for e in server.pools)),
        notes=(
            *pool.sticky_notes(server),
            *offers.undrained_notes(snapshot, server),
            *(() if persisting.asked(parameters) else _written_notes(snapshot, server)),
        ),
        hold=Holding(admin=Admin.READY),  # nobody holds out what is gone
    )


def _delete(server: AppServer) -> Step:
    places = tuple(pool.place(entry) for entry in server.pools)
    before = tuple(
        Entry(
            place=pool.place(entry),
            address=entry.address,
            weight=entry.weight,
            options=entry.options,
            checked=entry.checked,
        )
        for entry in server.pools
    )
    return Step(
        does=f"delete {server.name} on every balancer",
        op=DeleteServers(places),
        proof=Gone(places),
        undo=AddServers(before, thorough=True),
        undone=Stands(before),
        patience_s=DELETE_S,
    )


def _written_notes(snapshot: Snapshot, server: AppServer) -> tuple[str, ...]:
    forgets = [entry for entry in server.pools if not offers.lasts(snapshot, entry)]
    written = [f"{entry.backend} on {entry.balancer}" for entry in forgets if entry.dynamic is False]
    unseen = [f"{entry.backend} on {entry.balancer}" for entry in forgets if entry.dynamic is None]
    notes = []
    if written:
        notes.append(f"{server.name} stands in the configuration of {listed(written)}: a reload brings it back.")
    if unseen:
        notes.append(
            f"Whether {server.name} stands in the configuration of {listed(unseen)} cannot be seen: "
            "if it does, a reload brings it back."
        )
    return tuple(notes)


ACTION = Action(
    name="remove-server",
    does="Drain a server, then delete it from every pool",
    tier="app",
    plan=plan,
    parameters=(*drain.PARAMETERS, persisting.PARAMETER),
    targets=pool.servers,
)
