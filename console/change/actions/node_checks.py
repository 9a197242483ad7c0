"""What must hold before a node is taken out of its work and turned."""

from collections.abc import Mapping

from console.change.action import Value
from console.change.actions import absence, pool, step_down
from console.change.actions.node import Work, find, hand_over
from console.change.plan import Check, Plan
from console.cluster.snapshot import Admin, Node, ServiceState, Snapshot


def checks(snapshot: Snapshot, work: Work, parameters: Mapping[str, Value]) -> tuple[Check, ...]:
    """The service can be turned, and the cluster can do without the node meanwhile."""
    away = absence.checks(snapshot, work.member, float(parameters["absence"])) if work.member else ()
    return (
        _service_check(work.node),
        *_right_checks(work.node),
        *_server_checks(snapshot, work),
        *away,
        *_leader_checks(snapshot, work),
    )


def still(snapshot: Snapshot, plan: Plan) -> tuple[Check, ...]:
    """What must hold to go on where an interrupted run ended; a stop that is yet to come looks again for itself."""
    work = find(snapshot, plan.target)
    return (_known_check(work.node), *_server_checks(snapshot, work), *_leader_checks(snapshot, work))


def _server_checks(snapshot: Snapshot, work: Work) -> tuple[Check, ...]:
    if work.server is None:
        return ()
    balancers = pool.balancer_checks(snapshot, work.server)
    return (*balancers, pool.capacity_check(snapshot, work.server, Admin.MAINT))


def _leader_checks(snapshot: Snapshot, work: Work) -> tuple[Check, ...]:
    return step_down.plan(snapshot, work.node.name, hand_over()).checks if work.leads else ()


def _service_check(node: Node) -> Check:
    return Check(
        says=f"how the service of {node.name} is started and stopped is known, and it runs",
        ok=node.has_service and node.service is ServiceState.RUNNING,
        value=_state(node),
        limit="running" if node.has_service else "`service` in its [[nodes]] table",
    )


def _right_checks(node: Node) -> tuple[Check, ...]:
    if not node.service_forbidden:
        return ()
    return (
        Check(
            says=f"our user may start and stop the service of {node.name}",
            ok=False,
            value=node.service_forbidden,
            limit="yes",
        ),
    )


def _known_check(node: Node) -> Check:
    return Check(
        says=f"whether the service of {node.name} runs is known",
        ok=node.has_service and node.service is not ServiceState.UNKNOWN,
        value=_state(node),
        limit="running or stopped",
    )


def _state(node: Node) -> str:
    because = f": {node.service_reason}" if node.service_reason else ""
    return f"{node.service}{because}" if node.has_service else "not told"
