"""The actions that are killed: what each is asked for now, and what the cluster is like when it is done."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.cluster.snapshot import Admin, Member, Snapshot
from tests.faults.state import State

MIB = 2**20

Asked = tuple[str, Mapping[str, str]]
"""The target, and the parameters."""


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    action: str
    ask: Callable[[Snapshot, random.Random], Asked | None]
    """What it is asked for now; None: it cannot be done now."""
    done: Callable[[State, Asked], bool]
    """It is as the action leaves it."""
    hands_over: bool = False
    """The Primary is another one after it: not again while the old one is frozen."""


def any_of(names: list[str], chance: random.Random, **parameters: str) -> Asked | None:
    """One of these, if there is one."""
    return (chance.choice(names), parameters) if names else None


def servers(snapshot: Snapshot, *admins: Admin) -> list[str]:
    """Application servers in one of these states, while all others are ready."""
    out = {server.name for server in snapshot.app_servers if server.admins != {Admin.READY}}
    return [s.name for s in snapshot.app_servers if s.pools and s.admins <= set(admins) and out <= {s.name}]


def secondaries(snapshot: Snapshot) -> list[Member]:
    """Members that are not Primary, when every member has caught up."""
    members, leads = snapshot.replica_set.members, snapshot.replica_set.primary
    whole = leads is not None and all(m.up and m.lag_s is not None and m.lag_s < 2 for m in members)
    return [member for member in members if whole and member is not leads]


def lasting(snapshot: Snapshot) -> list[str]:
    """Names of secondaries, without the one that comes and goes."""
    return [member.name for member in secondaries(snapshot) if member.name != "db4"]


def in_pools(admin: Admin) -> Case:
    """drain, maint and ready."""
    before = (Admin.DRAIN, Admin.MAINT) if admin is Admin.READY else (Admin.READY,)
    return Case(
        str(admin),
        str(admin),
        lambda snapshot, chance: any_of(servers(snapshot, *before), chance),
        lambda now, asked: now.admins(asked[0]) == {str(admin)},
    )


def weighed(snapshot: Snapshot, chance: random.Random) -> Asked | None:
    """Another weight than it has."""
    if (found := any_of(servers(snapshot, Admin.READY), chance)) is None:
        return None
    server = snapshot.app_server(found[0])
    usual = server is not None and {pool.weight for pool in server.pools} == {100}
    return found[0], {"weight": "60" if usual else "100"}


def ranked(snapshot: Snapshot, chance: random.Random) -> Asked | None:
    """Another priority than a secondary has, and never more than the Primary's."""
    if (found := any_of(lasting(snapshot), chance)) is None:
        return None
    member = snapshot.member(found[0])
    return found[0], {"priority": "0.5" if member and member.priority == 1 else "1"}


def resized(snapshot: Snapshot, chance: random.Random, names: list[str]) -> Asked | None:
    """Another size than it has: workers of a server, the cache of a member."""
    found = any_of(names, chance)
    node = snapshot.node(found[0]) if found else None
    if node is None or node.size is None:
        return None
    if node.size.workers:
        return node.name, {"workers": "6" if node.size.workers == 8 else "8"}
    return node.name, {"cache": f"{288 if node.size.cache_bytes == 256 * MIB else 256}MiB"}


def is_sized(now: State, asked: Asked) -> bool:
    """The size is what was asked for, and the service runs."""
    target, wanted = asked
    cache, _, workers = next(iter(now.of(f"size {target}")), "").partition(" ")
    if "workers" in wanted:
        return workers == wanted["workers"] and runs(now, asked)
    return cache == str(int(wanted["cache"].removesuffix("MiB")) * MIB) and runs(now, asked)


def runs(now: State, asked: Asked) -> bool:
    """The service runs, and a server is in its pools again."""
    return now.of(f"service {asked[0]}") == {"running"} and now.admins(asked[0]) <= {"ready"}


def leads(snapshot: Snapshot, chance: random.Random) -> Asked | None:
    """The Primary, when every other member has caught up."""
    primary = snapshot.replica_set.primary
    return (primary.name, {"period": "30"}) if primary and secondaries(snapshot) else None


ACTIONS = (
    in_pools(Admin.DRAIN),
    in_pools(Admin.MAINT),
    in_pools(Admin.READY),
    Case("set-weight", "set-weight", weighed, lambda now, asked: now.weights(asked[0]) == {asked[1]["weight"]}),
    Case(
        "add-server",
        "add-server",
        lambda snapshot, chance: any_of([server.name for server in snapshot.spare_servers], chance, hold="1"),
        lambda now, asked: now.admins(asked[0]) == {"ready"},
    ),
    Case(
        "remove-server",
        "remove-server",
        lambda snapshot, chance: any_of([n for n in servers(snapshot, Admin.READY) if n == "app4"], chance),
        lambda now, asked: not now.admins(asked[0]),
    ),
    Case(
        "add-secondary",
        "add-secondary",
        lambda snapshot, chance: any_of([m.name for m in snapshot.spare_members if secondaries(snapshot)], chance),
        lambda now, asked: now.of(f"member {asked[0]}") == {"votes 1 priority 1"},
    ),
    Case(
        "remove-member",
        "remove-member",
        lambda snapshot, chance: any_of([m.name for m in secondaries(snapshot) if m.name == "db4"], chance),
        lambda now, asked: not now.of(f"member {asked[0]}"),
    ),
    Case(
        "set-priority",
        "set-priority",
        ranked,
        lambda now, asked: now.of(f"member {asked[0]}") == {f"votes 1 priority {asked[1]['priority']}"},
    ),
    Case(
        "freeze",
        "freeze",
        lambda snapshot, chance: any_of(lasting(snapshot), chance, seconds="5"),
        lambda now, asked: True,  # no member tells that it is frozen
    ),
    Case("step-down", "step-down", leads, lambda now, asked: bool(now.primary), hands_over=True),
    Case(
        "restart a server",
        "restart",
        lambda snapshot, chance: any_of(servers(snapshot, Admin.READY), chance),
        runs,
    ),
    Case("restart a secondary", "restart", lambda snapshot, chance: any_of(lasting(snapshot), chance), runs),
    Case(
        "resize a server",
        "resize",
        lambda snapshot, chance: resized(snapshot, chance, servers(snapshot, Admin.READY)),
        is_sized,
    ),
    Case(
        "resize a secondary",
        "resize",
        lambda snapshot, chance: resized(snapshot, chance, lasting(snapshot)),
        is_sized,
    ),
)
