"""What every replica-set plugin does, the one in memory held to the same behaviours as a real set."""

import asyncio
from dataclasses import replace
from typing import Protocol, cast

import pytest

from console.cluster.configuration import difference
from console.cluster.snapshot import Health, MemberState
from console.cluster.views import MemberConfig, MemberView
from console.ports.protocols import Freezes, LooksAtSpares, Reconfigures, Refused, ReplicaSetPort, StepsDown
from console.ports.reach import Reach


class Subject(ReplicaSetPort, StepsDown, Reconfigures, Freezes, LooksAtSpares, Protocol):
    """A replica set that can be changed in every way that there is."""


@pytest.fixture
def replica_set(reach: Reach) -> Subject:
    for capability in (StepsDown, Reconfigures, Freezes, LooksAtSpares):
        assert isinstance(reach.replica_set, capability)
    return cast(Subject, reach.replica_set)


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
    first, *_, last = words.splitlines()
    assert 'replSetSyncFrom: "db2:27017"' in first
    assert "replSetStepDown: 60" in last
    assert "force" not in words


async def configuration(replica_set: Subject) -> tuple[MemberConfig, ...]:
    return (await primary(replica_set)).config


async def secondary(replica_set: Subject) -> MemberView:
    views = await replica_set.look()
    return next(view for view in views if view.itself.state is MemberState.SECONDARY)


async def with_priority(replica_set: Subject, priority: float) -> tuple[MemberConfig, ...]:
    """The configuration with this priority for one secondary."""
    chosen = (await secondary(replica_set)).address
    return tuple(
        replace(line, priority=priority) if line.address == chosen else line
        for line in await configuration(replica_set)
    )


async def held_by_all(replica_set: Subject, lines: tuple[MemberConfig, ...]) -> None:
    async with asyncio.timeout(20):
        for view in await replica_set.look():
            while difference(lines, view.config):
                await asyncio.sleep(0.1)
                [view] = [again for again in await replica_set.look() if again.address == view.address]


async def test_a_line_is_changed_and_changed_back_and_every_member_hears_of_it(replica_set: Subject) -> None:
    before = await configuration(replica_set)
    after = await with_priority(replica_set, 0.5)
    await replica_set.reconfigure(before, after)
    await held_by_all(replica_set, after)
    await replica_set.reconfigure(after, before)
    assert difference(before, await configuration(replica_set)) == ""


async def test_a_configuration_that_is_not_the_expected_one_is_refused_with_the_difference(
    replica_set: Subject,
) -> None:
    before = await configuration(replica_set)
    version = (await primary(replica_set)).config_version
    with pytest.raises(Refused, match="has priority 1 instead of 3"):
        await replica_set.reconfigure(await with_priority(replica_set, 3.0), await with_priority(replica_set, 4.0))
    assert difference(before, await configuration(replica_set)) == ""
    assert (await primary(replica_set)).config_version == version


async def test_what_is_so_already_is_not_sent_again(replica_set: Subject) -> None:
    before = await configuration(replica_set)
    version = (await primary(replica_set)).config_version
    await replica_set.reconfigure(await with_priority(replica_set, 7.0), before)
    assert (await primary(replica_set)).config_version == version


async def test_an_undo_leaves_what_another_changed(replica_set: Subject) -> None:
    before = await configuration(replica_set)
    await replica_set.reconfigure(await with_priority(replica_set, 3.0), before, thorough=True)
    assert difference(before, await configuration(replica_set)) == ""


async def test_a_reconfiguration_in_another_term_is_refused(replica_set: Subject) -> None:
    term = (await primary(replica_set)).itself.term or 0
    with pytest.raises(Refused, match=f"is Primary in term {term} now, not in term {term + 1}"):
        await replica_set.reconfigure(
            await configuration(replica_set), await with_priority(replica_set, 2.0), term=term + 1
        )


async def test_the_primary_is_not_configured_away(replica_set: Subject) -> None:
    leading, before = (await primary(replica_set)).address, await configuration(replica_set)
    with pytest.raises(Refused):
        await replica_set.reconfigure(before, [line for line in before if line.address != leading])
    with pytest.raises(Refused, match="the Primary could not be Primary in this configuration"):
        await replica_set.reconfigure(
            before, [replace(line, priority=0.0) if line.address == leading else line for line in before]
        )
    assert difference(before, await configuration(replica_set)) == ""


async def test_nothing_is_forced_while_there_is_a_primary(replica_set: Subject) -> None:
    before, chosen = await configuration(replica_set), (await secondary(replica_set)).address
    with pytest.raises(Refused, match="nothing has to be forced"):
        await replica_set.force_reconfigure(chosen, before, before[:2])
    assert difference(before, await configuration(replica_set)) == ""


async def test_a_secondary_is_frozen_and_let_go_and_the_primary_is_not(replica_set: Subject) -> None:
    chosen = (await secondary(replica_set)).address
    await replica_set.freeze(chosen, 60)
    await replica_set.freeze(chosen, 0)
    with pytest.raises(Refused, match="is Primary or stands for election"):
        await replica_set.freeze((await primary(replica_set)).address, 60)


async def test_only_the_forced_command_forces(replica_set: Subject) -> None:
    before = (MemberConfig(address="a:1"), MemberConfig(address="b:1"))
    assert "force" not in replica_set.reconfigure_command(before, before[:1])
    assert "force" in replica_set.force_reconfigure_command("a:1", before, before[:1])
    assert "b:1" in replica_set.reconfigure_command(before, before[:1])
    assert "replSetFreeze: 60" in replica_set.freeze_command("a:1", 60)
