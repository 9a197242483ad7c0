"""add-server: a prepared application server joins every pool, checked before it takes traffic, and then by steps."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from console.change.action import Action, Parameter, Value
from console.change.actions import persisting, pool
from console.change.actions.joining import joining_notes, line_of
from console.change.actions.offers import drains
from console.change.ops import AddServers, DeleteServers, Entry, Op, Place, SetAdmin, SetWeights
from console.change.plan import Check, Holding, Plan, PlanError, Step
from console.change.proofs import AdminIs, Gone, Passes, ServesWell, Stands
from console.cluster.finding import listed
from console.cluster.observed import split
from console.cluster.snapshot import Admin, AppServer, Health, PoolMember, Snapshot
from console.cluster.text import meant
from console.cluster.whatif import impact, with_joined

SHARES = (0.1, 0.5, 1.0)
"""Of its weight, step by step."""
TRIAL_S = 2.0
"""How long every balancer's check must go on finding it up before it takes traffic."""
PROOF_S = 30.0
"""How long a balancer may take to see what was asked of it, beside the time that a weight is held."""

Weights = tuple[tuple[Place, int], ...]

PARAMETERS = (
    Parameter(
        name="weight",
        kind=int,
        default=0,
        says="its weight in the end; 0: as the other servers have",
        least=0,
        most=256,
    ),
    Parameter(
        name="hold",
        kind=float,
        default=5.0,
        says="seconds that each weight on the way is watched before the next",
        least=1,
        most=3600,
    ),
    persisting.PARAMETER,
)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """Add in maintenance, try without traffic, make ready at a low weight, and raise it while no request fails."""
    server = _candidate(snapshot, target)
    entries = _entries(snapshot, server, int(parameters["weight"]))
    places, persists = [entry.place for entry in entries], persisting.asked(parameters)
    written = persisting.steps(snapshot, places, parameters, partial(line_of, snapshot, entries))
    joining = _steps(snapshot, target, entries, float(parameters["hold"])) if entries else ()
    after = replace(server, pools=(*server.pools, *map(_as_ready, entries)))
    return Plan(
        action="add-server",
        target=target,
        parameters=persisting.told(parameters),
        title=f"Add {target} to the pools",
        cluster=snapshot.cluster,
        checks=(
            _lacking_check(server, entries),
            pool.health_check(server),
            *pool.answering_checks(snapshot),
            *pool.servers_checks(snapshot, ((place.balancer, place.backend) for place in places)),
            *persisting.checks(snapshot, places, parameters),
        ),
        steps=(*joining, *written),
        impact=impact(snapshot, with_joined(snapshot, after), tier="app"),
        fingerprint=(
            *pool.fingerprint(server),
            *((str(entry.place), "absent") for entry in entries),
            *((f"{balancer.name} process", str(balancer.process_id)) for balancer in snapshot.balancers),
        ),
        notes=(*joining_notes(snapshot, entries, persists=persists), *_ramp_notes(entries)),
        hold=Holding(admin=Admin.READY),
    )


def lacking(snapshot: Snapshot, name: str) -> list[tuple[str, str]]:
    """The (balancer, backend) in which servers of the cluster file stand, and this one does not."""
    nodes = {node.name for node in snapshot.nodes}
    places = {(e.balancer, e.backend) for s in snapshot.app_servers if s.name in nodes for e in s.pools}
    server = snapshot.app_server(name)
    return sorted(places - {(e.balancer, e.backend) for e in (server.pools if server else ())})


def _still(snapshot: Snapshot, left: Plan) -> tuple[Check, ...]:
    """What a new plan needs, as if it did not stand yet where the interrupted one had let it join."""
    entries = [entry for step in left.steps if isinstance(step.op, AddServers) for entry in step.op.entries]
    joined = {(entry.place.balancer, entry.place.backend) for entry in entries}

    def before(server: AppServer) -> AppServer:
        pools = tuple(one for one in server.pools if (one.balancer, one.backend) not in joined)
        return replace(server, pools=pools) if server.name == left.target else server

    as_before = replace(snapshot, app_servers=tuple(map(before, snapshot.app_servers)))
    unsaid = {parameter.name: parameter.default for parameter in PARAMETERS}  # a plan keeps only what was chosen
    return plan(as_before, left.target, unsaid | dict(left.parameters)).checks


def targets(snapshot: Snapshot) -> tuple[str, ...]:
    """Every spare server, and every other that some pool lacks."""
    servers = (*snapshot.spare_servers, *snapshot.app_servers)
    nodes = {node.name for node in snapshot.nodes}
    return tuple(s.name for s in servers if s.name in nodes and lacking(snapshot, s.name))


def _candidate(snapshot: Snapshot, name: str) -> AppServer:
    servers = {server.name: server for server in (*snapshot.app_servers, *snapshot.spare_servers)}
    if name in servers:
        return servers[name]
    names = [spare.name for spare in snapshot.spare_servers]
    hint = meant(name, names) or meant(name, servers)
    there = f"there are: {', '.join(names)}" if names else "none has `spare = true` in the cluster file"
    raise PlanError(f"no spare application server '{name}'; {hint}{there}")


def _entries(snapshot: Snapshot, server: AppServer, weight: int) -> tuple[Entry, ...]:
    """How it is to stand in the end in every place that lacks it."""
    entries = []
    for name, backend in lacking(snapshot, server.name):
        joining = snapshot.backend(name, backend)
        entries.append(
            Entry(
                place=Place(name, backend, server.name),
                address=_address(snapshot, server, name, backend),
                weight=weight or pool.usual_weight(snapshot, name, backend, server.name),
                options=joining.options_of(server.name) if joining else "",
                checked=joining is None or joining.checks,
            )
        )
    return tuple(entries)


def _address(snapshot: Snapshot, server: AppServer, balancer: str, backend: str) -> str:
    """Its own host and port; without a port, the one that the others have in that place."""
    host, port = split(server.address)
    for other in snapshot.app_servers:
        for entry in other.pools:
            if port is None and (entry.balancer, entry.backend) == (balancer, backend):
                port = split(entry.address)[1]
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"


def _lacking_check(server: AppServer, entries: tuple[Entry, ...]) -> Check:
    stands = listed(f"{entry.backend} on {entry.balancer}" for entry in server.pools)
    return Check(
        says=f"a pool lacks {server.name}",
        ok=bool(entries),
        value=f"{len(entries)} places lack it" if entries else f"it stands in {stands}",
        limit="at least 1",
    )


def _steps(snapshot: Snapshot, name: str, entries: tuple[Entry, ...], hold_s: float) -> tuple[Step, ...]:
    places = tuple(entry.place for entry in entries)
    # A balancer that has no drain has nothing between maintenance and traffic.
    tried = tuple(place for place in places if drains(snapshot, place))
    first, *further = _ramp(entries)
    joining = tuple(replace(entry, weight=weight) for entry, (_, weight) in zip(entries, first, strict=True))
    ready = tuple((place, Admin.READY) for place in places)
    away = tuple((place, Admin.DRAIN if place in tried else Admin.MAINT) for place in places)

    def watched(does: str, op: Op, weights: Weights) -> Step:
        return Step(
            does=f"{does} {_weights(weights)} and watch it for {hold_s:g} s",
            op=op,
            proof=ServesWell(name, weights),
            # Out of traffic at once, from whatever weight it failed at.
            undo=SetAdmin(away, thorough=True),
            undone=AdminIs(away),
            patience_s=PROOF_S + hold_s,
            steady_s=hold_s,
        )

    return (
        Step(
            does=f"add {name} to every pool that lacks it, in maintenance",
            op=AddServers(joining),
            proof=Stands(joining),
            undo=DeleteServers(places),
            undone=Gone(places),
        ),
        *((_trial(name, tried),) if tried else ()),
        watched(f"make {name} ready at", SetAdmin(ready), first),
        *(watched(f"give {name}", SetWeights(weights), weights) for weights in further),
    )


def _trial(name: str, places: tuple[Place, ...]) -> Step:
    back = tuple((place, Admin.MAINT) for place in places)
    return Step(
        does=f"let every balancer check {name}, without traffic",
        op=SetAdmin(tuple((place, Admin.DRAIN) for place in places)),
        proof=Passes(name, places),
        undo=SetAdmin(back, thorough=True),
        undone=AdminIs(back),
        patience_s=PROOF_S,
        steady_s=TRIAL_S,
    )


def _ramp(entries: tuple[Entry, ...]) -> list[Weights]:
    """The weights of every step: each place's own, rising, never 0."""
    steps = [tuple((e.place, max(1, round(share * e.weight))) for e in entries) for share in SHARES]
    return [weights for before, weights in zip((None, *steps), steps, strict=False) if weights != before]


def _weights(weights: Weights) -> str:
    least, most = min(weight for _, weight in weights), max(weight for _, weight in weights)
    return f"weight {least}" if least == most else f"weights from {least} to {most}"


def _as_ready(entry: Entry) -> PoolMember:
    place = entry.place
    return PoolMember(
        balancer=place.balancer,
        backend=place.backend,
        server=place.server,
        admin=Admin.READY,
        check=Health.UP,
        check_says="",
        weight=entry.weight,
        sessions=0,
        queue=0,
        address=entry.address,
    )


def _ramp_notes(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    if not entries or len(_ramp(entries)) > 1:
        return ()
    return ("The weights are too small to begin with a smaller share: it takes its whole share at once.",)


ACTION = Action(
    name="add-server",
    does="Let a prepared application server join every pool, by rising weights that stop when requests fail",
    tier="app",
    plan=plan,
    parameters=PARAMETERS,
    targets=targets,
    still=_still,
)
