"""The replica set's actions on a real set: members come and go under traffic, and what must not join does not."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console import lab as labs
from console.change.events import EventKind, Outcome
from console.change.plan import Plan
from console.change.run import Confirmation, Run
from console.cluster.snapshot import MemberState, Snapshot
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.conftest import RunningLab
from tests.live.mongod import Mongod, await_answer, cluster_file, mongod, network

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(400)]


@asynccontextmanager
async def session_on(lab: RunningLab, tmp_path: Path, spare: Mongod | None = None) -> AsyncIterator[Session]:
    """A session on the lab, looked at once; with one more spare node, `dbx`."""
    path = Path(lab.status.cluster_file)
    if spare:
        path = cluster_file(lab, tmp_path / "cluster.toml", spare.address, spare.port)
    async with Session.open(ClusterFile.read(path, Plugins((bundled("plugins"),))), tmp_path / "state") as session:
        await session.look("db1", "db2", "db3", "db4", "dbx")
        yield session


async def carried_out(session: Session, action: str, target: str, **parameters: str | int | float) -> Run:
    """The run of an action, done."""
    plan = session.plan(action, target, parameters)
    run = session.start(plan, Confirmation("a test", words=plan.confirm_words, again=True))
    outcome = await asyncio.wait_for(run.finished(), 300)
    assert outcome is Outcome.DONE, [event.says for event in run.events]
    return run


async def until(session: Session, met: Callable[[Snapshot], bool], patience_s: float = 60.0) -> Snapshot:
    """The first snapshot of which something is so."""
    ends_s = time.monotonic() + patience_s
    while time.monotonic() < ends_s:
        if met(snapshot := await session.look("db4")):
            return snapshot
    raise AssertionError(f"not so after {patience_s:g} s; findings: {[str(f) for f in snapshot.findings]}")


def refusal(plan: Plan) -> str:
    return "; ".join(f"{c.says}: {c.value}" for c in plan.refusals)


async def test_a_member_joins_leaves_and_joins_again_and_no_request_fails(lab: RunningLab, tmp_path: Path) -> None:
    labs.await_green(lab.name, lab.state_dir)
    before = labs.traffic_report(lab.name, lab.state_dir)
    async with session_on(lab, tmp_path) as session:
        for _ in range(2):
            run = await carried_out(session, "add-secondary", "db4")
            assert [event.step for event in run.events if event.kind is EventKind.PROVED] == [1, 2, 3]
            snapshot = await session.look()
            joined = snapshot.member("db4")
            assert joined
            assert (joined.state, joined.voting, joined.priority) == (MemberState.SECONDARY, True, 1.0)
            assert (snapshot.spare_members, snapshot.replica_set.majority) == ((), 3)
            await carried_out(session, "remove-member", "db4")
            snapshot = await until(session, lambda now: any(spare.former for spare in now.spare_members))
            assert [member.name for member in snapshot.replica_set.members] == ["db1", "db2", "db3"]
            assert snapshot.spare_members[0].empty is False
    after = labs.traffic_report(lab.name, lab.state_dir)
    assert after["failed"] == before["failed"]
    assert after["lost"] == 0


async def test_the_chosen_successor_leads_and_every_priority_is_as_before(lab: RunningLab, tmp_path: Path) -> None:
    labs.await_green(lab.name, lab.state_dir)
    async with session_on(lab, tmp_path) as session:
        snapshot = await session.look()
        leading = snapshot.replica_set.primary
        assert leading
        chosen = [m.name for m in snapshot.replica_set.members if m is not leading][-1]
        await carried_out(session, "step-down", "", to=chosen, period=30)
        after = await session.look()
        assert after.replica_set.primary
        assert after.replica_set.primary.name == chosen
        assert {m.priority for m in after.replica_set.members} == {1.0}


async def test_a_freeze_and_a_priority_are_taken_and_taken_back(lab: RunningLab, tmp_path: Path) -> None:
    labs.await_green(lab.name, lab.state_dir)
    async with session_on(lab, tmp_path) as session:
        snapshot = await session.look()
        leading = snapshot.replica_set.primary
        secondary = next(m.name for m in snapshot.replica_set.members if m is not leading)
        await carried_out(session, "freeze", secondary, seconds=30)
        await carried_out(session, "unfreeze", secondary)
        for priority in (0.5, 1.0):
            await carried_out(session, "set-priority", secondary, priority=priority)
            found = (await session.look()).member(secondary)
            assert found
            assert found.priority == priority


async def test_two_changes_at_once_are_one_change_and_one_refusal(lab: RunningLab, tmp_path: Path) -> None:
    """Finding 6: nobody's change is lost by a higher version number."""
    labs.await_green(lab.name, lab.state_dir)
    async with session_on(lab, tmp_path) as session:
        snapshot = await session.look()
        leading = snapshot.replica_set.primary
        one, two = (m.name for m in snapshot.replica_set.members if m is not leading)
        steps = [session.plan("set-priority", name, {"priority": 0.5}).steps[0] for name in (one, two)]
        results = await asyncio.gather(*(step.op.apply(session.reach) for step in steps), return_exceptions=True)
        refused = [result for result in results if isinstance(result, Exception)]
        assert len(refused) == 1, results
        lowered = [m.name for m in (await session.look()).replica_set.members if m.priority == 0.5]
        assert lowered == [(one, two)[results.index(None)]]
        await carried_out(session, "set-priority", lowered[0], priority=1.0)


async def test_a_member_under_another_address_is_refused(lab: RunningLab, tmp_path: Path) -> None:
    """D15, finding 5: MongoDB would take it, and the real member would be out."""
    labs.await_green(lab.name, lab.state_dir)
    db3 = next(node for node in lab.status.nodes if node.name == "db3")
    behind_the_relay = f"{network(lab)}.{int(db3.address.rpartition('.')[2]) + 100}"
    async with session_on(lab, tmp_path, Mongod(behind_the_relay, db3.port)) as session:
        words = refusal(session.plan("add-secondary", "dbx"))
        assert "is no member under another name: it is db3" in words
        assert "it is in the set rs0" in words


@pytest.mark.parametrize("set_name", ["rs9", "rs0"])
async def test_a_member_of_another_set_is_refused_whatever_its_name(
    lab: RunningLab, short_dir: Path, tmp_path: Path, set_name: str
) -> None:
    """D16 and D17: alive it tells its set; taken out of it, it still holds another set's configuration."""
    labs.await_green(lab.name, lab.state_dir)
    home = short_dir / f"other-{set_name}"
    with mongod(lab, home, 152, set_name) as other:
        with other.client() as client:
            client.admin.command("replSetInitiate", {"_id": set_name, "members": [{"_id": 0, "host": other.host}]})
        async with session_on(lab, tmp_path, other) as session:
            assert f"it is in the set {set_name}" in refusal(session.plan("add-secondary", "dbx"))
    with mongod(lab, home, 153, set_name) as moved:
        await_answer(moved)
        async with session_on(lab, tmp_path, moved) as session:
            found = next(spare for spare in session.snapshot.spare_members if spare.name == "dbx")
            assert (found.set_name, found.empty, found.former) == ("", False, False)
            assert "in a set that is not known to be this one" in refusal(session.plan("add-secondary", "dbx"))


async def test_a_mongod_without_a_set_and_a_closed_port_are_refused(
    lab: RunningLab, short_dir: Path, tmp_path: Path
) -> None:
    """D18: MongoDB takes both."""
    labs.await_green(lab.name, lab.state_dir)
    with mongod(lab, short_dir / "alone", 154, "") as alone:
        async with session_on(lab, tmp_path, alone) as session:
            assert "it runs without --replSet" in refusal(session.plan("add-secondary", "dbx"))
    async with session_on(lab, tmp_path, Mongod(f"{network(lab)}.155", 27017)) as session:
        words = refusal(session.plan("add-secondary", "dbx"))
        assert "dbx answers: down" in words
        assert "db1 cannot open it; db2 cannot open it; db3 cannot open it" in words


async def test_after_a_lost_majority_one_goes_on_and_who_comes_back_is_a_finding(
    short_dir: Path, tmp_path: Path
) -> None:
    state_dir = short_dir / "forced"
    status = labs.up("forced", state_dir, lambda text: None, traffic=False)
    lab = RunningLab("forced", state_dir, status)
    try:
        async with session_on(lab, tmp_path) as session:
            leading = session.snapshot.replica_set.primary
            assert leading
            assert "with a majority nothing has to be forced" in "".join(
                check.limit for check in session.plan("force-reconfigure", "db3").refusals
            )
            lost = [member.name for member in session.snapshot.replica_set.members if member.name != "db3"]
            for name in lost:
                lab.kill(name)
            await until(session, lambda _: not session.plan("force-reconfigure", "db3").refusals)
            plan = session.plan("force-reconfigure", "db3")
            confirmation = Confirmation("a test", words=session.cluster, again=True, without_lease=True)
            run = session.start(plan, confirmation)
            assert await asyncio.wait_for(run.finished(), 120) is Outcome.DONE, [event.says for event in run.events]
            lab.heal(lost[0])
            outside = "member-outside"
            snapshot = await until(session, lambda now: outside in [finding.code for finding in now.findings])
            assert [finding.subject for finding in snapshot.findings if finding.code == outside] == [lost[0]]
            assert snapshot.replica_set.primary
            assert snapshot.replica_set.primary.name == "db3"
    finally:
        labs.down("forced", state_dir)
