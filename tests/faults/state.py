"""What of a cluster an action may change, as it is seen, to be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console.cluster.snapshot import ServiceState, Snapshot

STEPPED_DOWN = "Attempting to step down in response to replSetStepDown command"


@dataclass(frozen=True)
class State:
    """Places in pools, members, services and sizes, each by words that name it."""

    things: Mapping[str, str]
    primary: str
    step_downs: int
    """How often a member was asked to step down, by the members' own logs: a busy machine elects by itself too."""

    def changes(self, after: "State") -> list[str]:
        """What is not as it was."""
        return [what for what in {**self.things, **after.things} if self.things.get(what) != after.things.get(what)]

    def of(self, words: str) -> set[str]:
        """The values of all things that these words name."""
        return {value for what, value in self.things.items() if f"{words} " in f"{what} "}

    def admins(self, server: str) -> set[str]:
        """Every state that a server has in a pool; empty when it is in none."""
        return {value.split()[0] for value in self.of(f"/{server}")}

    def weights(self, server: str) -> set[str]:
        """Every weight that a server has in a pool."""
        return {value.split()[1] for value in self.of(f"/{server}")}


def state_of(snapshot: Snapshot, lab_dir: Path) -> State:
    """The state in a picture, and in the members' logs."""
    logs = [log for log in lab_dir.glob("db*.log") if log.is_file()]
    step_downs = sum(log.read_text(errors="replace").count(STEPPED_DOWN) for log in logs)
    pools = [pool for server in snapshot.app_servers for pool in server.pools]
    things = {f"{p.balancer}: {p.backend}/{p.server}": f"{p.admin} {p.weight}" for p in pools}
    members = snapshot.replica_set.members
    things |= {f"member {m.name} {m.address}": f"votes {m.votes} priority {m.priority:g}" for m in members}
    things |= {f"service {n.name}": n.service for n in snapshot.nodes if n.service is not ServiceState.UNKNOWN}
    things |= {f"size {n.name}": f"{n.size.cache_bytes} {n.size.workers}" for n in snapshot.nodes if n.size}
    primary = snapshot.replica_set.primary
    return State(things, primary.name if primary else "", step_downs)
