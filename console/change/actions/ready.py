"""ready: put an application server back into every pool, after asking it how it is."""

from collections.abc import Mapping

from console.change.action import Action, Value
from console.change.actions import persisting, pool
from console.change.plan import Holding, Plan, Step
from console.cluster.snapshot import Admin, AppServer, Snapshot
from console.cluster.whatif import impact, with_server


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """Ready on all balancers or on none; proved by its own health and every balancer's check."""
    server = pool.find(snapshot, target)
    places = [pool.place(entry) for entry in server.pools]
    written = persisting.steps(snapshot, places, parameters, lambda line, _: line.ready if line else None)
    made_ready = pool.set_admin(server.pools, Admin.READY, f"make {target} ready on every balancer")
    return Plan(
        action="ready",
        target=target,
        parameters=persisting.told(parameters),
        title=f"Make {target} ready",
        cluster=snapshot.cluster,
        checks=(
            *pool.balancer_checks(snapshot, server),
            pool.health_check(server),
            *persisting.checks(snapshot, places, parameters),
        ),
        steps=(*([_proved_by_service(made_ready, server)] if made_ready else []), *written),
        impact=impact(snapshot, with_server(snapshot, target)),
        fingerprint=pool.fingerprint(server),
        hold=Holding(admin=Admin.READY),
    )


def _proved_by_service(step: Step, server: AppServer) -> Step:
    return Step(
        does=step.does,
        op=step.op,
        proof=pool.serves_again(server),
        undo=step.undo,
        undone=step.undone,
        patience_s=30.0,
        steady_s=1.0,
    )


ACTION = Action(
    name="ready",
    does="Put a server back into every pool, after asking it how it is",
    tier="app",
    plan=plan,
    parameters=(persisting.PARAMETER,),
    targets=pool.servers,
)
