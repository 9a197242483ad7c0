"""What is foreseen of a plan, held against what the plan has done to a cluster in memory."""

from pathlib import Path
from typing import Any

import pytest

from console.change.events import Outcome
from console.change.foreseen import foreseen
from console.change.run import Confirmation
from console.change.runbook.seen import seen
from console.cluster.snapshot import Snapshot
from tests.change.memory_session import memory_session

MIB = 2**20
PLANS: list[tuple[str, str, dict[str, str | int | float]]] = [
    ("drain", "app1", {}),
    ("maint", "app1", {}),
    ("set-weight", "app2", {"weight": 30}),
    ("add-server", "app4", {"hold": 1}),
    ("remove-server", "app1", {}),
    ("remove-server", "app1", {"persist": "yes"}),
    ("restart", "app1", {}),
    ("restart", "db2", {}),
    ("restart", "db1", {}),
    ("resize", "db2", {"memory": 4096 * MIB}),
    ("resize", "app1", {"memory": 4096 * MIB, "cpus": 2.0}),
    ("step-down", "db1", {}),
    ("step-down", "db1", {"to": "db3"}),
    ("add-secondary", "db4", {}),
    ("remove-member", "db3", {}),
    ("set-priority", "db3", {"priority": 2.0}),
]


def compared(snapshot: Snapshot) -> dict[str, Any]:
    """All that a later stage may look at."""
    picture = seen(snapshot)
    replica_set = snapshot.replica_set
    return {
        **{kind: picture[kind] for kind in ("servers", "members", "primary")},
        "pools": {
            server.name: sorted((p.balancer, p.backend, p.admin, p.weight) for p in server.pools)
            for server in snapshot.app_servers
        },
        "spares": (
            sorted(server.name for server in snapshot.spare_servers),
            sorted(member.name for member in snapshot.spare_members),
        ),
        "lines": sorted((m.name, m.votes, m.priority, m.hidden) for m in replica_set.members),
        "majority": (replica_set.votes, replica_set.majority),
        "sizes": {node.name: node.size for node in snapshot.nodes if node.size},
        "tolerates": snapshot.tolerates,
        "findings": sorted((finding.code, finding.subject) for finding in snapshot.findings),
    }


@pytest.mark.parametrize(
    ("action", "target", "given"), PLANS, ids=[" ".join(map(str, (*plan[:2], *plan[2].values()))) for plan in PLANS]
)
async def test_what_is_foreseen_is_what_comes(
    tmp_path: Path, action: str, target: str, given: dict[str, str | int | float]
) -> None:
    async with memory_session(tmp_path) as (session, _):
        nodes = [node.name for node in session.file.table.nodes]
        before = await session.look(*nodes)
        plan = session.plan(action, target, given)
        expected = compared(foreseen(before, plan))
        run = session.start(plan, Confirmation("a test", words=plan.confirm_words, again=True))
        assert await run.finished() is Outcome.DONE, run.events[-1].says
        after = compared(await session.look(*nodes))
        assert {name: (expected[name], value) for name, value in after.items() if expected[name] != value} == {}
