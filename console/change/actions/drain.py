"""drain: no new traffic to an application server, on any balancer; its sessions end by themselves."""

from collections.abc import Mapping

from console.change.action import Action, Parameter, Value
from console.change.actions import offers, pool, until
from console.change.plan import Holding, Plan
from console.cluster.snapshot import Admin, Snapshot
from console.cluster.whatif import impact, without_server

WAITING = (
    Parameter(
        name="deadline",
        kind=float,
        default=60.0,
        says="seconds to wait for the last session",
        least=1,
        most=86400,
    ),
    Parameter(
        name="at-deadline",
        kind=str,
        default="ask",
        says="what to do when sessions are left then",
        choices=("ask", *pool.CHOICES),
    ),
)
PARAMETERS = (*WAITING, until.PARAMETER)


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """Drain on all balancers or on none, then wait for zero sessions."""
    server = pool.find(snapshot, target)
    drained = pool.drained_on(snapshot, server)
    waited = pool.wait_idle(snapshot, server, server.pools, float(parameters["deadline"]))
    return Plan(
        action="drain",
        target=target,
        parameters=parameters,
        title=f"Drain {target}",
        cluster=snapshot.cluster,
        checks=(
            *pool.balancer_checks(snapshot, server),
            *offers.drain_checks(snapshot, server),
            pool.capacity_check(snapshot, server),
        ),
        steps=tuple(step for step in (drained, waited) if step) if drained else (),
        impact=impact(snapshot, without_server(snapshot, target)),
        fingerprint=pool.fingerprint(server),
        notes=pool.sticky_notes(server),
        hold=Holding(admin=Admin.DRAIN, for_s=until.seconds(str(parameters["until"]))),
    )


ACTION = Action(
    name="drain",
    does="Send no new traffic to a server and wait until its sessions have ended",
    tier="app",
    plan=plan,
    parameters=PARAMETERS,
    targets=pool.servers,
)
