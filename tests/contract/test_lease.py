"""What every store of the lease does, the one in memory held to the same behaviours as a real replica set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console import lab as labs
from console.cluster.snapshot import Admin, Health, Hold
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.ports.protocols import Claim, KeepsLease, LeaseStore
from console.ports.reach import Reach
from plugins.memory import cluster_file

HOLD = Hold(
    target="app2",
    admin=Admin.DRAIN,
    owner="ann@one",
    reason="kernel",
    since=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
    until=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
)


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.live)])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[tuple[LeaseStore, LeaseStore]]:
    """The same lease, as two consoles have it; nobody holds it, and nothing is held out."""
    if request.param == "memory":
        text, path = cluster_file(f"lease-{request.node.name}"), Path("memory.toml")
    else:
        lab = request.getfixturevalue("lab")
        labs.await_green(lab.name, lab.state_dir)
        path = Path(lab.status.cluster_file)
        text = path.read_text()
    file = ClusterFile.decode(text, path, Plugins((bundled("plugins"),)))
    async with AsyncExitStack() as stack:
        consoles: list[LeaseStore] = []
        for _ in range(2):
            reach = Reach.of(file)
            stack.push_async_callback(reach.close)
            assert isinstance(reach.replica_set, KeepsLease)
            consoles.append(reach.replica_set.lease)
        first, second = consoles
        for hold in (await first.look()).holds:
            await first.let_go(hold.target)
        yield first, second
        for number in range(6):
            await first.release(f"r{number}")
        # A change of the set that a test left open would stop whoever comes next.
        await first.acquire(claim("r9"))
        await first.renew("r9", ttl_s=30, says="on", changes_set="nothing")
        await first.release("r9")


def claim(rid: str, run: str = "aaaa", ttl_s: float = 30.0, **more: object) -> Claim:
    about = {"owner": "ann@one", "run": run, "rid": rid, "says": "Drain app2", "reason": "kernel", "ttl_s": ttl_s}
    return Claim(**{**about, **more})  # type: ignore[arg-type]


Stores = tuple[LeaseStore, LeaseStore]


async def test_one_has_it_and_the_other_sees_who_and_why(stores: Stores) -> None:
    one, two = stores
    granted = await one.acquire(claim("r1"))
    assert granted.rid == "r1"
    refused = await two.acquire(claim("r2", "bbbb", says="Drain app1"))
    assert refused.rid == "r1"
    assert refused.fence == granted.fence
    assert refused.holder
    assert (refused.holder.owner, refused.holder.run, refused.holder.says) == ("ann@one", "aaaa", "Drain app2")
    assert refused.holder.reason == "kernel"
    assert abs((datetime.now(UTC) - refused.holder.since).total_seconds()) < 30
    assert 20 < refused.left_s <= 30
    for store, ours in ((one, True), (two, False)):
        lease = (await store.look()).lease
        assert lease
        assert (lease.owner, lease.run, lease.ours, lease.fence) == ("ann@one", "aaaa", ours, granted.fence)


async def test_the_fence_rises_with_each_grant_and_with_nothing_else(stores: Stores) -> None:
    one, two = stores
    first = (await one.acquire(claim("r1"))).fence
    await two.acquire(claim("r2", "bbbb"))
    await one.renew("r1", ttl_s=30, says="Drain app2: on")
    await one.release("r1")
    second = await two.acquire(claim("r2", "bbbb"))
    assert second.fence == first + 1
    assert second.before is None
    assert second.last
    assert (second.last.run, second.last.says) == ("aaaa", "Drain app2: on")


async def test_a_bar_is_seen_by_every_console_until_it_is_taken_away(stores: Stores) -> None:
    one, two = stores
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    await one.bar("db9:27017", until + timedelta(minutes=1))
    await one.bar("db9:27017", until)
    assert [(bar.address, bar.until) for bar in (await two.look()).bars] == [("db9:27017", until)]
    await two.bar("db9:27017", None)
    await two.bar("db9:27017", None)
    assert (await one.look()).bars == ()


async def test_what_was_given_back_is_nobodys(stores: Stores) -> None:
    one, two = stores
    await one.acquire(claim("r1"))
    await one.release("r1")
    view = await two.look()
    assert (view.health, view.reason, view.lease) == (Health.UP, "", None)


async def test_time_ends_it_by_the_clock_of_the_set_and_the_next_is_told_whose_it_was(stores: Stores) -> None:
    one, two = stores
    fence = (await one.acquire(claim("r1", ttl_s=0.4))).fence
    await asyncio.sleep(0.6)
    assert (await two.look()).lease is None
    taken = await two.acquire(claim("r2", "bbbb"))
    assert (taken.rid, taken.fence) == ("r2", fence + 1)
    assert taken.before
    assert (taken.before.owner, taken.before.run) == ("ann@one", "aaaa")
    lost = await one.renew("r1", ttl_s=30, says="on")
    assert lost.rid == "r2"
    assert lost.holder
    assert lost.holder.run == "bbbb"


async def test_a_late_holder_that_nobody_followed_may_go_on(stores: Stores) -> None:
    one, _ = stores
    fence = (await one.acquire(claim("r1", ttl_s=0.2))).fence
    await asyncio.sleep(0.4)
    renewed = await one.renew("r1", ttl_s=30, says="on")
    assert (renewed.rid, renewed.fence) == ("r1", fence)
    assert renewed.left_s > 20


async def test_a_run_that_is_known_to_be_dead_is_taken_over(stores: Stores) -> None:
    one, two = stores
    await one.acquire(claim("r1"))
    assert (await two.acquire(claim("r2", "bbbb", takes_over=("dead",)))).rid == "r1"
    assert (await two.acquire(claim("r2", "bbbb", takes_over=("dead", "aaaa")))).rid == "r2"


async def test_only_its_holder_can_give_it_back(stores: Stores) -> None:
    one, two = stores
    await one.acquire(claim("r1"))
    await two.release("r2")
    assert (await two.look()).lease is not None


@pytest.mark.parametrize("words", ["$owner", "$$NOW", "{$literal: 1}", "a.b", "x" * 2000])
async def test_words_are_words_and_no_instructions(stores: Stores, words: str) -> None:
    one, two = stores
    await one.acquire(claim("r1", says=words, reason=words))
    await one.renew("r1", ttl_s=30, says=words, changes_set=words)
    view = await two.look()
    assert view.lease
    assert (view.lease.says, view.lease.reason) == (words, words)
    assert view.set_change
    assert view.set_change.what == words


async def test_a_change_of_the_set_is_unfinished_until_its_run_gives_the_lease_back(stores: Stores) -> None:
    one, two = stores
    await one.acquire(claim("r1"))
    await one.renew("r1", ttl_s=30, says="on", changes_set="step-down db1")
    change = (await two.look()).set_change
    assert change
    assert (change.what, change.by, change.run, change.finished) == ("step-down db1", "ann@one", "aaaa", False)
    await one.release("r1")
    state = await two.acquire(claim("r2", "bbbb"))
    assert state.set_change
    assert state.set_change.finished
    assert 0 <= state.set_change.ago_s < 10
    await two.release("r2")
    assert (await one.look()).set_change is not None


async def test_a_run_that_changes_no_set_does_not_end_the_change_of_another(stores: Stores) -> None:
    one, two = stores
    await one.acquire(claim("r1", ttl_s=0.2))
    await one.renew("r1", ttl_s=0.2, says="on", changes_set="step-down db1")
    await asyncio.sleep(0.4)
    await two.acquire(claim("r2", "bbbb"))
    await two.release("r2")
    change = (await two.look()).set_change
    assert change
    assert not change.finished


async def test_holds_are_kept_whole_until_they_are_let_go(stores: Stores) -> None:
    one, two = stores
    await one.hold(HOLD)
    assert (await two.look()).holds == (HOLD,)
    newer = Hold(target="app2", admin=Admin.MAINT, owner="bob@two", reason="$x", since=HOLD.since, until=None)
    await two.hold(newer)
    assert (await one.look()).holds == (newer,)
    await one.let_go("app2")
    await one.let_go("app2")
    assert (await two.look()).holds == ()


async def test_of_many_that_ask_at_once_exactly_one_gets_it(stores: Stores) -> None:
    states = await asyncio.gather(*(stores[n % 2].acquire(claim(f"r{n}", f"run{n}")) for n in range(6)))
    assert len({state.rid for state in states}) == 1
    assert len({state.fence for state in states}) == 1
