"""The replica set in the connection test: each member, the majority, and what our users may do."""

from collections import Counter
from collections.abc import Mapping
from functools import partial

from console.cluster.snapshot import Health
from console.cluster.views import MemberView
from console.ports.clusterfile import ClusterFile
from console.ports.connections.hosts import reached
from console.ports.connections.row import Attempts, Failed, Skipped, Verdict, one_by_one, tried
from console.ports.protocols import KeepsLease, ReplicaSetPort, Right, TellsRights
from console.ports.reach import Reach

SET = "replica set"


def replica_set(file: ClusterFile, reach: Reach) -> list[Attempts]:
    """All of it in one, as one look is asked for all members; nothing where the file has none."""
    if reach.replica_set is None:
        return []
    names = {node.address: node.name for node in file.table.nodes if "member" in node.roles}
    keeps = [reach.replica_set] if isinstance(reach.replica_set, KeepsLease) and file.table.safety.lease else []
    return [_set(reach.replica_set, names), *(_lease(port) for port in keeps)]


async def _set(port: ReplicaSetPort, names: Mapping[str, str]) -> Attempts:
    views: list[MemberView] = []
    majority = await tried(SET, "majority", partial(_majority, port, views))
    sets = Counter(view.set_name for view in views if view.set_name)
    for view in views:
        async for row in _member(view, names, sets.most_common(1)[0][0] if sets else ""):
            yield row
    yield majority
    if majority.verdict is Verdict.OK and isinstance(port, TellsRights):
        for right in await port.rights():
            yield await tried(SET, right.what, partial(_right, right))


async def _majority(port: ReplicaSetPort, views: list[MemberView]) -> str:
    views += await port.look()
    up = sum(view.itself.health is Health.UP for view in views)
    voters = {line.address for view in views for line in view.config if line.votes}
    needed = (len(voters) or len(views)) // 2 + 1
    says = f"{up} of {len(views)} members answer; a majority is {needed}"
    if up < needed:
        raise Failed(says, "see the rows of the members")
    return says


async def _member(view: MemberView, names: Mapping[str, str], set_name: str) -> Attempts:
    host, _, port = view.address.rpartition(":")
    name = names.get(host) or view.address
    if view.itself.health is not Health.UP and port.isdecimal():
        async for row in one_by_one(name, dict(reached(host.strip("[]"), int(port)))):
            yield row
    yield await tried(name, "status", partial(_status, view))
    if view.set_name:
        yield await tried(name, "set name", partial(_same_set, view, set_name))


async def _status(view: MemberView) -> str:
    if view.itself.health is not Health.UP or view.itself.reason:
        raise Failed(view.itself.reason or str(view.itself.health))
    return f"it tells its status: {view.itself.state}"


async def _same_set(view: MemberView, name: str) -> str:
    if view.set_name != name:
        raise Failed(
            f"it is of the set {view.set_name}, the others of {name}",
            "take it out of the uri, or correct its address there",
        )
    return name


async def _right(right: Right) -> str:
    if right.granted is None:
        raise Skipped(right.says)
    if not right.granted:
        raise Failed(right.says, right.mend)
    return right.says


async def _lease(port: KeepsLease) -> Attempts:
    yield await tried(SET, "lease", partial(_kept, port))


async def _kept(port: KeepsLease) -> str:
    view = await port.lease.look()
    if view.health is not Health.UP:
        raise Failed(view.reason or "it cannot be read", otherwise="see what our users may do in the set")
    return "it can be read"
