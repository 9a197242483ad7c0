"""restart: stop and start the service of a node, taken out of its work before and put back after."""

from collections.abc import Mapping

from console.change.action import Action, Value
from console.change.actions import node, node_checks
from console.change.plan import Plan
from console.cluster.snapshot import Snapshot


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """Drained or handed over, stopped, started, proved, and put back."""
    work = node.find(snapshot, target)
    return Plan(
        action="restart",
        target=target,
        parameters=parameters,
        title=f"Restart {target}",
        cluster=snapshot.cluster,
        checks=node_checks.checks(snapshot, work, parameters),
        steps=node.steps(snapshot, work, parameters, ()),
        impact=node.impact_of(snapshot, work, parameters),
        fingerprint=node.fingerprint(snapshot, work),
        notes=node.notes(snapshot, work),
    )


ACTION = Action(
    name="restart",
    does="Stop and start a node's service, taken out of its work before and put back after",
    tier="node",
    plan=plan,
    still=node_checks.still,
    parameters=node.PARAMETERS,
    targets=node.targets,
)
