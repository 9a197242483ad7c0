"""Application servers, balancers and copies of the journal in the connection test."""

from functools import partial

from console.cluster.snapshot import Health
from console.cluster.views import BalancerView
from console.ports.clusterfile import ClusterFile, NodeTable
from console.ports.connections.row import Failed, Skipped, Trial, Tries
from console.ports.protocols import BalancerPort, HealthCheck, JournalCopy, NotKept, ReadsBack
from console.ports.reach import Reach


def servers_and_balancers(trial: Trial, file: ClusterFile, reach: Reach) -> list[Tries]:
    """One for each server, balancer and copy."""
    servers = [node for node in file.table.nodes if "app" in node.roles]
    return [
        *(_server(trial, reach.health, node) for node in servers if not node.spare),
        *(_balancer(trial, name, port, servers) for name, port in reach.balancers.items()),
        *(_copy(trial, name, port) for name, port in reach.copies.items()),
    ]


async def _server(trial: Trial, health: HealthCheck | None, node: NodeTable) -> None:
    await trial.tried(node.name, "health", partial(_well, health, node))


async def _well(health: HealthCheck | None, node: NodeTable) -> str:
    if health is None:
        raise Skipped("the cluster file has no [health] table: its own answer is not asked for")
    view = await health.look(node.name, node.address, node.port)
    if view.health is not Health.UP:
        raise Failed(view.reason or str(view.health))
    return "says that it is well" + (f", in {view.latency_ms:.0f} ms" if view.latency_ms is not None else "")


async def _balancer(trial: Trial, name: str, port: BalancerPort, servers: list[NodeTable]) -> None:
    seen: list[BalancerView] = []
    await trial.tried(name, "answers", partial(_answers, port, seen))
    for view in seen:
        await trial.tried(name, "changes", partial(_may_change, view))
        await trial.tried(name, "backends", partial(_backends, view))
        await trial.tried(name, "servers", partial(_match, view, servers))


async def _answers(port: BalancerPort, seen: list[BalancerView]) -> str:
    view = await port.look()
    if view.health is not Health.UP:
        raise Failed(view.reason or str(view.health))
    seen.append(view)
    return f"version {view.version}" if view.version else "it answers"


async def _may_change(view: BalancerView) -> str:
    if view.writable is None:
        raise Skipped("it does not tell whether it may be changed")
    if not view.writable:
        why = view.writable_reason or "our connection only reads"
        raise Failed(why, why.rpartition(": ")[2] if ": " in why else "give our connection the right to change it")
    return "it may be changed"


async def _backends(view: BalancerView) -> str:
    there = ", ".join(view.backends)
    if view.reason or not there:
        says = view.reason or "it has no backend with servers"
        raise Failed(says, f"correct its backends in the cluster file; found: {there or 'none'}")
    return there


async def _match(view: BalancerView, servers: list[NodeTable]) -> str:
    known = {node.name: node for node in servers}
    there = {server.server for server in view.servers}
    if strange := sorted(there - known.keys()):
        raise Failed(
            f"no node is named {', '.join(strange)}, as its pools are",
            f'add [[nodes]] with name = "{strange[0]}" and roles = ["app"], or rename the node so',
        )
    away = sorted(name for name, node in known.items() if name not in there and not node.spare)
    return "each is a node" + (f"; in no pool here: {', '.join(away)}" if away else "")


async def _copy(trial: Trial, name: str, port: JournalCopy) -> None:
    await trial.tried(f"journal copy {name}", "answers", partial(_readable, port))


async def _readable(port: JournalCopy) -> str:
    if not isinstance(port, ReadsBack):
        raise Skipped("only sending tries it: watchkeeper journal copies")
    try:
        await port.head("connection-test")
    except NotKept as why:
        raise Failed(str(why), otherwise="correct its [[journal]] table") from None
    return "it can be read back"
