"""The replica set in the connection test: each member, the majority, and what our users may do."""

from collections import Counter
from collections.abc import Mapping
from functools import partial

from console.cluster.snapshot import Health
from console.cluster.views import MemberView
from console.ports.clusterfile import ClusterFile
from console.ports.connections.hosts import reached
from console.ports.connections.row import Failed, Skipped, Trial, Tries, Verdict
from console.ports.protocols import KeepsLease, ReplicaSetPort, Right, TellsRights
from console.ports.reach import Reach

SET = "replica set"


def replica_set(trial: Trial, file: ClusterFile, reach: Reach) -> list[Tries]:
    """All of it in one, as one look is asked for all members; nothing where the file has none."""
    if reach.replica_set is None:
        return []
    names = {node.address: node.name for node in file.table.nodes if "member" in node.roles}
    keeps = [reach.replica_set] if isinstance(reach.replica_set, KeepsLease) and file.table.safety.lease else []
    return [_set(trial, reach.replica_set, names), *(_lease(trial, port) for port in keeps)]


async def _set(trial: Trial, port: ReplicaSetPort, names: Mapping[str, str]) -> None:
    views: list[MemberView] = []
    majority = await trial.tried(SET, "majority", partial(_majority, port, views))
    sets = Counter(view.set_name for view in views if view.set_name)
    for view in views:
        await _member(trial, view, names, sets.most_common(1)[0][0] if sets else "")
    if majority.verdict is Verdict.OK and isinstance(port, TellsRights):
        rights: list[Right] = []
        await trial.tried(SET, "rights", partial(_rights, port, rights))
        for right in rights:
            await trial.tried(SET, right.what, partial(_right, right))


async def _majority(port: ReplicaSetPort, views: list[MemberView]) -> str:
    views += await port.look()
    up = sum(view.itself.health is Health.UP for view in views)
    voters = {line.address for view in views for line in view.config if line.votes}
    needed = (len(voters) or len(views)) // 2 + 1
    says = f"{up} of {len(views)} members answer; a majority is {needed}"
    if up < needed:
        raise Failed(says, "see the rows of the members")
    return says


async def _member(trial: Trial, view: MemberView, names: Mapping[str, str], set_name: str) -> None:
    host, _, port = view.address.rpartition(":")
    name = names.get(host) or view.address
    if view.itself.health is not Health.UP and port.isdecimal():
        await trial.one_by_one(name, reached(host.strip("[]"), int(port)))
    await trial.tried(name, "status", partial(_status, view))
    if view.set_name:
        await trial.tried(name, "set name", partial(_same_set, view, set_name))


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


async def _rights(port: TellsRights, rights: list[Right]) -> str:
    rights += await port.rights()
    return "it tells what our users may do"


async def _right(right: Right) -> str:
    if right.granted is None:
        raise Skipped(right.says)
    if not right.granted:
        raise Failed(right.says, right.mend)
    return right.says


async def _lease(trial: Trial, port: KeepsLease) -> None:
    await trial.tried(SET, "lease", partial(_kept, port))


async def _kept(port: KeepsLease) -> str:
    view = await port.lease.look()
    if view.health is not Health.UP:
        _, _, mends = view.reason.partition(": ")
        raise Failed(view.reason or "it cannot be read", otherwise=mends or "see what our users may do in the set")
    return "it can be read"
