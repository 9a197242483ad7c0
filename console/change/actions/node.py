"""What restart and resize share: a node is taken out of its work, its service is turned, and it is put back.

An application server is drained and put into maintenance first, on every balancer; a member of the replica set must be
one that the others can do without, and a Primary hands over first. What was begun is undone in reverse, and where an
undo fails the node stays out of its work.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from console.change.action import Parameter, Value
from console.change.actions import drain, offers, pool, step_down
from console.change.ops import Place, SetAdmin, TurnService
from console.change.plan import PlanError, Step
from console.change.proofs import AdminIs, Healthy, Proof, Replicates, ServiceIs, Spared
from console.cluster.snapshot import Admin, AppServer, Member, Node, ServiceState, Snapshot
from console.cluster.text import meant
from console.cluster.whatif import Impact, impact, without_member, without_server

STOP_S = 60.0
"""How long a clean stop may take: a mongod hands its writes over and closes its files."""
START_S = 90.0
"""How long a start may take until the node does its work again."""
STEADY_S = 1.0

PARAMETERS = (
    *(replace(parameter, tier="app") for parameter in drain.WAITING),
    Parameter(
        name="absence",
        kind=float,
        default=120.0,
        says="seconds that it may be away",
        least=10,
        most=86400,
        tier="replica_set",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a node does in the cluster, as it is seen now."""

    node: Node
    server: AppServer | None = None
    """Where it stands in a pool."""
    member: Member | None = None
    """Where it is in the configuration of the replica set."""

    @property
    def leads(self) -> bool:
        """It is the Primary."""
        return self.member is not None and self.member.writable


def targets(snapshot: Snapshot) -> tuple[str, ...]:
    """The nodes whose service can be turned, balancers left out: their clients would be cut."""
    return tuple(node.name for node in snapshot.nodes if node.has_service and "balancer" not in node.roles)


def find(snapshot: Snapshot, name: str) -> Work:
    """The node of that name and what it does. Raises PlanError with the nearest."""
    node = snapshot.node(name)
    if node is None:
        names = [node.name for node in snapshot.nodes]
        raise PlanError(f"no node '{name}'; {meant(name, names)}there are: {', '.join(names) or 'none'}")
    if "balancer" in node.roles:
        raise PlanError(f"{name} is a balancer: turning it would cut its clients, and nothing here can move them away")
    server = snapshot.app_server(name)
    member = snapshot.member(name)
    return Work(
        node=node,
        server=server if server and server.pools else None,
        member=member if member and (member.votes or member.priority) else None,
    )


def steps(
    snapshot: Snapshot, work: Work, parameters: Mapping[str, Value], between: Iterable[Step], *, turn: bool = True
) -> tuple[Step, ...]:
    """Out of its work, stopped, `between`, started, proved, and back; without a turn only `between`."""
    if not turn:
        return tuple(between)
    deadline_s = float(parameters["deadline"])
    return (
        *(pool.taken_out(snapshot, work.server, deadline_s) if work.server else ()),
        *_handed_over(snapshot, work),
        _stop(work),
        *between,
        _start(work),
        *_put_back(work),
    )


def notes(snapshot: Snapshot, work: Work) -> tuple[str, ...]:
    """What the operator should know: clients that are pinned, and who takes over."""
    handed_over = step_down.plan(snapshot, work.node.name, hand_over()).notes if work.leads else ()
    if work.server is None:
        return handed_over
    return (*pool.sticky_notes(work.server), *offers.undrained_notes(snapshot, work.server), *handed_over)


def impact_of(snapshot: Snapshot, work: Work, parameters: Mapping[str, Value]) -> Impact:
    """What stands while the node is away."""
    if work.member:
        after, absence_s = without_member(snapshot, work.node.name), float(parameters["absence"])
        return impact(snapshot, after, tier="replica_set", absence_s=absence_s)
    return impact(snapshot, without_server(snapshot, work.node.name), tier="app")


def fingerprint(snapshot: Snapshot, work: Work) -> tuple[tuple[str, str], ...]:
    """The state that such a plan binds to."""
    found = [(f"{work.node.name} service", str(work.node.service)), (f"{work.node.name} size", str(work.node.size))]
    if work.server:
        found += pool.fingerprint(work.server)
    if work.member:
        primary = snapshot.replica_set.primary
        found += [
            ("Primary", primary.name if primary else "nobody"),
            ("term", str(snapshot.replica_set.term)),
            ("config version", str(snapshot.replica_set.config_version)),
        ]
    return tuple(found)


def proof_of_work(work: Work) -> Proof:
    """What must be seen when the node does its work again; of a spare member, that it runs."""
    if work.member:
        return Replicates(work.node.name)
    if "app" in work.node.roles:
        return Healthy(work.node.name)
    return ServiceIs(work.node.name, ServiceState.RUNNING)


def hand_over() -> dict[str, Value]:
    """How a Primary that is to be turned steps down: as `step-down` does when nothing else is said."""
    return {parameter.name: parameter.default for parameter in step_down.PARAMETERS}


def _handed_over(snapshot: Snapshot, work: Work) -> tuple[Step, ...]:
    return step_down.plan(snapshot, work.node.name, hand_over()).steps if work.leads else ()


def _stop(work: Work) -> Step:
    name = work.node.name
    return Step(
        does=f"stop the service of {name}",
        op=TurnService(name, "stop"),
        expects=_idle(work),
        proof=ServiceIs(name, ServiceState.STOPPED),
        undo=TurnService(name, "start"),
        bears=True,
        undone=proof_of_work(work),
        patience_s=STOP_S,
    )


def _idle(work: Work) -> Proof | None:
    """What must be so for a stop to harm nobody: seen just before it, however long the steps before have taken."""
    if work.member:
        return Spared(work.node.name)
    if work.server:
        return AdminIs(_maint(tuple(pool.place(entry) for entry in work.server.pools)))
    return None


def _start(work: Work) -> Step:
    name = work.node.name
    return Step(
        does=f"start the service of {name}",
        op=TurnService(name, "start"),
        proof=proof_of_work(work),
        undo=TurnService(name, "stop"),
        bears=True,
        undone=ServiceIs(name, ServiceState.STOPPED),
        patience_s=START_S,
        steady_s=STEADY_S,
    )


def _put_back(work: Work) -> tuple[Step, ...]:
    """To the state that each place had; where all were ready, proved by the balancers' own checks."""
    if not work.server or work.server.admins == {Admin.MAINT}:
        return ()
    places = tuple(pool.place(entry) for entry in work.server.pools)
    before = tuple((pool.place(entry), entry.admin) for entry in work.server.pools)
    ready = work.server.admins == {Admin.READY}
    return (
        Step(
            does=f"put {work.node.name} back into every pool" if ready else f"put {work.node.name} back as it was",
            op=SetAdmin(before),
            proof=pool.serves_again(work.server) if ready else AdminIs(before),
            undo=SetAdmin(_maint(places), thorough=True),
            undone=AdminIs(_maint(places)),
            patience_s=30.0,
            steady_s=STEADY_S,
        ),
    )


def _maint(places: tuple[Place, ...]) -> tuple[tuple[Place, Admin], ...]:
    return tuple((place, Admin.MAINT) for place in places)
