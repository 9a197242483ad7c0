"""The prepared way back of a change that went well and turned out badly: one action, ready to be planned."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from console.change.action import Value
from console.change.plan import Plan
from console.cluster.snapshot import Admin, Size, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """The action that leads back, with what it needs."""

    action: str
    target: str
    parameters: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        return " ".join((self.action, self.target, *(f"--{name} {value}" for name, value in self.parameters)))


def way_back(plan: Plan, before: Snapshot) -> WayBack | None:
    """What leads back to how it was before the plan; None where nothing does, or where it was not all one thing."""
    found = WAYS.get(plan.action)
    back = found(plan, before) if found else None
    if back is None or back.action == "drain" or plan.parameters.get("persist") != "yes":
        return back
    return replace(back, parameters=(*back.parameters, ("persist", "yes")))  # what was written is written back


def _admin(plan: Plan, before: Snapshot) -> WayBack | None:
    server = before.app_server(plan.target)
    words = {Admin.READY: "ready", Admin.DRAIN: "drain", Admin.MAINT: "maint"}
    admins = server.admins if server else frozenset()
    return WayBack(action=words[next(iter(admins))], target=plan.target) if len(admins) == 1 else None


def _weight(plan: Plan, before: Snapshot) -> WayBack | None:
    server = before.app_server(plan.target)
    weights = {pool.weight for pool in server.pools} if server else set()
    if len(weights) != 1:
        return None
    return WayBack(action=plan.action, target=plan.target, parameters=(("weight", weights.pop()),))


def _priority(plan: Plan, before: Snapshot) -> WayBack | None:
    member = before.member(plan.target)
    if member is None:
        return None
    return WayBack(action=plan.action, target=plan.target, parameters=(("priority", member.priority),))


def _size(plan: Plan, before: Snapshot) -> WayBack | None:
    node = before.node(plan.target)
    size = (node.size if node else None) or Size()
    was = {"memory": size.memory_bytes, "cpus": size.cpus, "cache": size.cache_bytes, "workers": size.workers}
    given = {name for name in was if plan.parameters.get(name)}
    if "memory" in given:  # the cache went with it
        given.add("cache")
    values = tuple((name, value) for name, value in was.items() if value is not None and name in given)
    return WayBack(action=plan.action, target=plan.target, parameters=values) if values else None


def _step_down(plan: Plan, before: Snapshot) -> WayBack | None:
    # Only who was named is known to be Primary now; whom an election chose may have lost the role again.
    successor, primary = str(plan.parameters.get("to", "")), before.replica_set.primary
    if not successor or primary is None:
        return None
    return WayBack(action=plan.action, target=successor, parameters=(("to", primary.name),))


def _by(action: str) -> Callable[[Plan, Snapshot], WayBack | None]:
    return lambda plan, _: WayBack(action=action, target=plan.target)


WAYS: dict[str, Callable[[Plan, Snapshot], WayBack | None]] = {
    "drain": _admin,
    "maint": _admin,
    "ready": _admin,
    "set-weight": _weight,
    "add-server": _by("remove-server"),
    "remove-server": _by("add-server"),
    "add-secondary": _by("remove-member"),
    "remove-member": _by("add-secondary"),
    "set-priority": _priority,
    "freeze": _by("unfreeze"),
    "step-down": _step_down,
    "resize": _size,
}
"""By action; what is missing has no way back."""
