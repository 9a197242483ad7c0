"""What every replica set does."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

from console.cluster.configuration import difference
from console.cluster.snapshot import Health, MemberState
from console.cluster.views import MemberConfig, MemberView
from console.contract.behaviour import Suite, expect, refused, within
from console.contract.telling import raw_documents
from console.ports.protocols import Freezes, Reconfigures, ReplicaSetPort, StepsDown, TellsRaw

FOLLOWED_WITHIN_S = 10.0


class _Able(ReplicaSetPort, StepsDown, Reconfigures, Freezes, Protocol):
    """One with every capability: a behaviour names those that it needs, and uses no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSetSubject:
    """A set with a Primary and two secondaries that are well, whose Primary may change."""

    port: ReplicaSetPort

    @property
    def able(self) -> _Able:
        """The port, as one that can do what a behaviour needs."""
        return cast(_Able, self.port)

    async def restore(self) -> None:
        """Every behaviour sets back what it sets; who is Primary stays as it became."""

    async def primary(self) -> MemberView:
        """The one that takes writes."""
        leading = [view for view in await self.port.look() if view.itself.writable]
        expect(len(leading) == 1, f"expected one Primary, got {[view.address for view in leading]}")
        return leading[0]

    async def secondary(self) -> MemberView:
        """Any of them."""
        views = await self.port.look()
        found = next((view for view in views if view.itself.state is MemberState.SECONDARY), None)
        expect(found, f"expected a secondary, got {[view.itself.state for view in views]}")
        return cast(MemberView, found)

    async def configuration(self) -> tuple[MemberConfig, ...]:
        """As the Primary has it."""
        return (await self.primary()).config

    async def with_priority(self, priority: float) -> tuple[MemberConfig, ...]:
        """The configuration with this priority for one secondary."""
        chosen = (await self.secondary()).address
        lines = await self.configuration()
        return tuple(replace(line, priority=priority) if line.address == chosen else line for line in lines)

    async def expect_unchanged(self, before: Sequence[MemberConfig]) -> None:
        """Raises Broken with the difference."""
        changed = difference(before, await self.configuration())
        expect(not changed, f"expected that nothing is changed: {changed}")


REPLICA_SET: Suite[ReplicaSetSubject] = Suite("replica_set")


@REPLICA_SET.behaviour()
async def every_member_speaks_for_itself_and_all_agree(subject: ReplicaSetSubject) -> None:
    views = await subject.port.look()
    leading = await subject.primary()
    for view in views:
        itself = view.itself
        expect(itself.health is Health.UP, f"expected {view.address} to be up, got {itself.health}: {itself.reason}")
        expect(len(view.peers) == len(views), f"expected {view.address} to see {len(views)}, got {len(view.peers)}")
        expect(itself.lag_s is not None, f"expected the lag of {view.address}")
        believes = itself.believes_primary
        expect(believes == leading.address, f"expected {view.address} to follow {leading.address}, got {believes}")
    expect(len({view.set_name for view in views}) == 1, "expected one name of the set")
    expect(len({view.config for view in views}) == 1, "expected the same configuration everywhere")
    expect(leading.itself.term is not None, "expected the Primary's term")


@REPLICA_SET.behaviour()
async def whoever_follows_hears_of_every_member_at_once(subject: ReplicaSetSubject) -> None:
    wanted, heard = {view.address for view in await subject.port.look()}, set()
    try:
        async with asyncio.timeout(FOLLOWED_WITHIN_S):
            async for view in subject.port.follow():
                heard.add(view.address)
                if heard >= wanted:
                    return
    except TimeoutError:
        expect(False, f"expected to hear of {sorted(wanted)} within {FOLLOWED_WITHIN_S:g} s, heard {sorted(heard)}")


@REPLICA_SET.behaviour(needs=(StepsDown,))
async def the_command_of_a_step_down_is_told_with_its_times_and_never_forces(subject: ReplicaSetSubject) -> None:
    words = subject.able.step_down_command("db1:27017", period_s=61, catch_up_s=9, follow=[("db3:27017", "db2:27017")])
    for wanted in ("61", "9", "db3:27017", "db2:27017"):
        expect(wanted in words, f"expected {wanted} in {words!r}")
    expect("force" not in words, f"expected nothing of force in {words!r}")


@REPLICA_SET.behaviour(needs=(StepsDown,), changes=True)
async def a_step_down_in_another_term_is_refused_and_changes_nothing(subject: ReplicaSetSubject) -> None:
    before = await subject.primary()
    term = (before.itself.term or 0) + 1
    asked = subject.able.step_down(before.address, period_s=60, catch_up_s=10, term=term)
    await refused(asked, "a step-down in another term")
    after = await subject.primary()
    same = (after.address, after.itself.term) == (before.address, before.itself.term)
    expect(same, f"expected {before.address} to lead on, got {after.address} in term {after.itself.term}")


@REPLICA_SET.behaviour(needs=(StepsDown,), changes=True)
async def a_secondary_cannot_be_stepped_down(subject: ReplicaSetSubject) -> None:
    leading, chosen = await subject.primary(), (await subject.secondary()).address
    asked = subject.able.step_down(chosen, period_s=60, catch_up_s=10, term=leading.itself.term or 0)
    await refused(asked, "the step-down of a secondary")


@REPLICA_SET.behaviour(needs=(StepsDown,), changes=True)
async def a_step_down_elects_the_first_in_the_configuration_and_the_others_follow_it(
    subject: ReplicaSetSubject,
) -> None:
    before = await subject.primary()
    heir, *others = [line.address for line in before.config if line.address != before.address]
    follow = [(heir, before.address), *((other, heir) for other in others)]
    term = before.itself.term or 0
    await subject.able.step_down(before.address, period_s=30, catch_up_s=10, term=term, follow=follow)

    def handed_over(views: tuple[MemberView, ...]) -> bool:
        by_address = {view.address: view.itself for view in views}
        leading = [address for address, itself in by_address.items() if itself.writable]
        return leading == [heir] and all(by_address[other].sync_source == heir for other in others)

    views = await within(subject.port.look, handed_over, f"expected {heir} to lead and the others to follow it")
    new = next(view.itself.term for view in views if view.address == heir)
    expect((new or 0) > term, f"expected a term above {term}, got {new}")


@REPLICA_SET.behaviour(needs=(Reconfigures,), changes=True)
async def a_line_is_changed_and_changed_back_and_every_member_hears_of_it(subject: ReplicaSetSubject) -> None:
    before, after = await subject.configuration(), await subject.with_priority(0.5)
    await subject.able.reconfigure(before, after)
    heard = "expected every member to hold the new configuration"
    await within(subject.port.look, lambda views: not any(difference(after, view.config) for view in views), heard)
    await subject.able.reconfigure(after, before)
    await subject.expect_unchanged(before)


@REPLICA_SET.behaviour(needs=(Reconfigures,), changes=True)
async def a_configuration_that_is_not_the_expected_one_is_refused_with_the_difference(
    subject: ReplicaSetSubject,
) -> None:
    leading = await subject.primary()
    asked = subject.able.reconfigure(await subject.with_priority(3.0), await subject.with_priority(4.0))
    said = await refused(asked, "a configuration that is another one")
    expect("has priority 1 instead of 3" in said, f"expected the difference in {said!r}")
    version = (await subject.primary()).config_version
    expect(version == leading.config_version, f"expected version {leading.config_version}, got {version}")
    await subject.expect_unchanged(leading.config)


@REPLICA_SET.behaviour(needs=(Reconfigures,), changes=True)
async def what_is_so_already_is_not_sent_again(subject: ReplicaSetSubject) -> None:
    leading = await subject.primary()
    await subject.able.reconfigure(await subject.with_priority(7.0), leading.config)
    version = (await subject.primary()).config_version
    expect(version == leading.config_version, f"expected version {leading.config_version}, got {version}")


@REPLICA_SET.behaviour(needs=(Reconfigures,), changes=True)
async def an_undo_leaves_what_another_changed(subject: ReplicaSetSubject) -> None:
    before = await subject.configuration()
    await subject.able.reconfigure(await subject.with_priority(3.0), before, thorough=True)
    await subject.expect_unchanged(before)


@REPLICA_SET.behaviour(needs=(Reconfigures,), changes=True)
async def a_reconfiguration_in_another_term_is_refused(subject: ReplicaSetSubject) -> None:
    term = (await subject.primary()).itself.term or 0
    before, after = await subject.configuration(), await subject.with_priority(2.0)
    said = await refused(subject.able.reconfigure(before, after, term=term + 1), "a change in another term")
    expect(f"term {term} now, not in term {term + 1}" in said, f"expected both terms in {said!r}")
    await subject.expect_unchanged(before)


@REPLICA_SET.behaviour(needs=(Reconfigures,), changes=True)
async def the_primary_is_not_configured_away(subject: ReplicaSetSubject) -> None:
    leading, before = (await subject.primary()).address, await subject.configuration()
    without = [line for line in before if line.address != leading]
    await refused(subject.able.reconfigure(before, without), "a set without its Primary")
    never = [replace(line, priority=0.0) if line.address == leading else line for line in before]
    await refused(subject.able.reconfigure(before, never), "a Primary that could not be one")
    await subject.expect_unchanged(before)


@REPLICA_SET.behaviour(needs=(Reconfigures,), changes=True)
async def nothing_is_forced_while_there_is_a_primary(subject: ReplicaSetSubject) -> None:
    before, chosen = await subject.configuration(), (await subject.secondary()).address
    said = await refused(subject.able.force_reconfigure(chosen, before, before[:2]), "force beside a Primary")
    expect("nothing has to be forced" in said, f"expected why in {said!r}")
    await subject.expect_unchanged(before)


@REPLICA_SET.behaviour(needs=(Reconfigures,))
async def only_the_forced_command_forces(subject: ReplicaSetSubject) -> None:
    before = (MemberConfig(address="a:1"), MemberConfig(address="b:1"))
    plain = subject.able.reconfigure_command(before, before[:1])
    forced = subject.able.force_reconfigure_command("a:1", before, before[:1])
    expect("force" not in plain, f"expected nothing of force in {plain!r}")
    expect("force" in forced, f"expected force in {forced!r}")
    expect("b:1" in plain, f"expected what is changed in {plain!r}")


@REPLICA_SET.behaviour(needs=(Freezes,), changes=True)
async def a_secondary_is_frozen_and_let_go_and_the_primary_is_not(subject: ReplicaSetSubject) -> None:
    chosen = (await subject.secondary()).address
    await subject.able.freeze(chosen, 60)
    await subject.able.freeze(chosen, 0)
    said = await refused(subject.able.freeze((await subject.primary()).address, 60), "the freeze of a Primary")
    expect("Primary" in said, f"expected why in {said!r}")
    expect("60" in subject.able.freeze_command("a:1", 60), "expected the seconds in the command")


@REPLICA_SET.behaviour(needs=(TellsRaw,))
async def a_member_tells_its_raw_documents_and_nothing_is_changed_by_that(subject: ReplicaSetSubject) -> None:
    before = await subject.configuration()
    documents = await raw_documents(subject.port, (await subject.primary()).address)
    expect(any(one.text for one in documents), f"expected a text, got {[one.problem for one in documents]}")
    await subject.expect_unchanged(before)
