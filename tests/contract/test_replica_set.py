"""What every replica-set plugin does, the one in memory held to the same behaviours as a real set."""

import asyncio
from typing import Protocol

import pytest

from console.cluster.snapshot import Health, MemberState
from console.cluster.views import MemberView
from console.ports.protocols import Refused, ReplicaSetPort, StepsDown
from console.ports.reach import Reach


class Subject(ReplicaSetPort, StepsDown, Protocol):
    """A replica set that can be stepped down."""


@pytest.fixture
def replica_set(reach: Reach) -> Subject:
    assert isinstance(reach.replica_set, StepsDown)
    return reach.replica_set


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


async def test_a_step_down_brings_another_primary_in_a_higher_term(replica_set: Subject) -> None:
    before = await primary(replica_set)
    await replica_set.step_down(before.address, period_s=30, catch_up_s=10, term=before.itself.term or 0)
    async with asyncio.timeout(20):
        while True:
            leading = [view for view in await replica_set.look() if view.itself.writable]
            if len(leading) == 1 and leading[0].address != before.address:
                break
            await asyncio.sleep(0.1)
    assert (leading[0].itself.term or 0) > (before.itself.term or 0)


async def test_the_command_is_told_with_its_times_and_never_forces(replica_set: Subject) -> None:
    words = replica_set.step_down_command("db1:27017", period_s=60, catch_up_s=10)
    assert "replSetStepDown: 60" in words
    assert "force" not in words
