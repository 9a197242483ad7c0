"""What every replica-set plugin does, the one in memory held to the same behaviours as a real set."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from console import lab as labs
from console.cluster.snapshot import Health, MemberState
from console.cluster.views import MemberView
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.protocols import Refused, ReplicaSetPort, StepsDown
from console.ports.reach import Reach
from plugins.memory import cluster_file


class Subject(ReplicaSetPort, StepsDown, Protocol):
    """A replica set that can be stepped down."""


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.live)])
async def replica_set(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "memory":
        text, path = cluster_file("contract-set"), Path("memory.toml")
    else:
        lab = request.getfixturevalue("lab")
        labs.await_green(lab.name, lab.state_dir)
        path = Path(lab.status.cluster_file)
        text = path.read_text()
    reach = Reach.of(ClusterFile.decode(text, path, Plugins((bundled("plugins"),))))
    assert isinstance(reach.replica_set, StepsDown)
    yield reach.replica_set
    await reach.close()


async def primary(replica_set: Subject) -> MemberView:
    [leading] = [view for view in await replica_set.look() if view.itself.writable]
    return leading


async def test_every_member_speaks_for_itself_and_all_agree(replica_set: Subject) -> None:
    views = await replica_set.look()
    assert [view.itself.health for view in views] == [Health.UP] * 3
    states = sorted(view.itself.state for view in views)
    assert states == [MemberState.PRIMARY, MemberState.SECONDARY, MemberState.SECONDARY]
    leading = await primary(replica_set)
    assert {view.itself.believes_primary for view in views} == {leading.address}
    assert {view.set_name for view in views} == {"rs0"}
    assert len({view.config for view in views}) == 1
    assert [line.votes for line in views[0].config] == [1, 1, 1]
    assert all(len(view.peers) == 3 for view in views)
    assert all(view.itself.lag_s is not None for view in views)
    assert leading.itself.term is not None


async def test_whoever_follows_hears_of_every_member_at_once(replica_set: Subject) -> None:
    heard: set[str] = set()
    async with asyncio.timeout(10):
        async for view in replica_set.follow():
            heard.add(view.address)
            if len(heard) == 3:
                break
    assert len(heard) == 3


async def test_a_step_down_in_another_term_is_refused_and_changes_nothing(replica_set: Subject) -> None:
    before = await primary(replica_set)
    with pytest.raises(Refused):
        await replica_set.step_down(before.address, period_s=60, catch_up_s=10, term=(before.itself.term or 0) + 1)
    after = await primary(replica_set)
    assert (after.address, after.itself.term) == (before.address, before.itself.term)


async def test_a_secondary_cannot_be_stepped_down(replica_set: Subject) -> None:
    leading = await primary(replica_set)
    secondary = next(view for view in await replica_set.look() if view.address != leading.address)
    with pytest.raises(Refused):
        await replica_set.step_down(secondary.address, period_s=60, catch_up_s=10, term=leading.itself.term or 0)


async def test_a_step_down_elects_the_first_in_the_configuration_and_the_others_follow_it(replica_set: Subject) -> None:
    before = await primary(replica_set)
    heir, *others = [line.address for line in before.config if line.address != before.address]
    follow = [(heir, before.address), *((other, heir) for other in others)]
    term = before.itself.term or 0
    await replica_set.step_down(before.address, period_s=30, catch_up_s=10, term=term, follow=follow)
    async with asyncio.timeout(20):
        while True:
            views = {view.address: view.itself for view in await replica_set.look()}
            leading = [address for address, itself in views.items() if itself.writable]
            if leading and leading != [before.address] and all(views[other].sync_source == heir for other in others):
                break
            await asyncio.sleep(0.1)
    assert leading == [heir]
    assert (views[heir].term or 0) > term


async def test_the_command_is_told_with_its_times_and_never_forces(replica_set: Subject) -> None:
    words = replica_set.step_down_command("db1:27017", period_s=60, catch_up_s=10, follow=[("db3:27017", "db2:27017")])
    first, last = words.splitlines()
    assert 'replSetSyncFrom: "db2:27017"' in first
    assert "replSetStepDown: 60" in last
    assert "force" not in words
