import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.change.action import Value
from console.change.aftercare import Aftercare, Before, Verdict, aftercare
from console.change.plan import Plan
from console.change.run import Confirmation
from console.change.wayback import way_back
from console.cluster.history import Sample
from console.cluster.snapshot import Admin, Size
from console.cluster.whatif import impact
from tests.change.memory_session import memory_session
from tests.cluster.pictures import calm, draining, with_node, with_pools

ENDED_S = 1000.0
GIB = 2**30


def plan(
    action: str = "drain", target: str = "app2", parameters: Mapping[str, str | int | float] | None = None
) -> Plan:
    return Plan(
        action=action,
        target=target,
        parameters=parameters or {},
        title=f"{action} {target}",
        cluster="passwork-prod",
        impact=impact(calm(), calm()),
    )


def samples(first_s: float, count: int, **values: Any) -> tuple[Sample, ...]:
    usual = Sample(at_s=0, requests_s=50.0, errors_s=0.0, sessions=20, latency_ms=5.0, lag_s=0.0, term=7)
    return tuple(replace(usual, at_s=first_s + 5.0 * n, **values) for n in range(count))


BEFORE = samples(900.0, 12)


def since(count: int = 12, **values: Any) -> Aftercare:
    return aftercare(plan(), Before(snapshot=calm(), samples=BEFORE), samples(1006.0, count, **values), ENDED_S)


def test_when_nothing_rose_it_is_the_same() -> None:
    found = since()
    assert (found.verdict, found.says) == (
        Verdict.SAME,
        "drain app2, 61 s after: no worse than before: errors 0/s before, 0/s since; latency 5 ms before, 5 ms since; "
        "lag 0 s before, 0 s since; elections 0 before, 0 since",
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"errors_s": 1.5}, "worse: errors 0/s before, 1.5/s since"),
        ({"latency_ms": 80.0}, "worse: latency 5 ms before, 80 ms since"),
        ({"lag_s": 30.0}, "worse: lag 0 s before, 30 s since"),
    ],
)
def test_what_rose_is_told_with_both_values_and_the_way_back(values: dict[str, Any], says: str) -> None:
    found = since(**values)
    assert (found.verdict, found.says) == (Verdict.WORSE, f"drain app2, 61 s after: {says}")
    assert str(found.way_back) == "ready app2"


@pytest.mark.parametrize("values", [{"errors_s": 0.1}, {"latency_ms": 20.0}, {"lag_s": 4.0}, {"term": 8}])
def test_a_little_more_is_chance_and_the_changes_own_election_is_no_news(values: dict[str, Any]) -> None:
    assert since(**values).verdict is Verdict.SAME


def test_an_election_since_is_worse() -> None:
    later = (*samples(1006.0, 6, term=8), *samples(1036.0, 6, term=9))
    found = aftercare(plan(), Before(snapshot=calm(), samples=BEFORE), later, ENDED_S)
    assert (found.verdict, found.says.partition("worse: ")[2]) == (Verdict.WORSE, "elections 0 before, 1 since")


@pytest.mark.parametrize(
    ("before", "count", "says"),
    [
        (BEFORE[:2], 12, "watched for 10 s before and 61 s since, too little to tell"),
        (BEFORE, 0, "watched for 60 s before and 0 s since, too little to tell"),
        (BEFORE, 2, "watched for 60 s before and 11 s since, too little to tell"),
    ],
)
def test_too_short_a_time_is_unknown_and_not_the_same(before: tuple[Sample, ...], count: int, says: str) -> None:
    found = aftercare(plan(), Before(snapshot=calm(), samples=before), samples(1006.0, count), ENDED_S)
    assert (found.verdict, found.says.partition("after: ")[2]) == (Verdict.UNKNOWN, says)


def test_what_cannot_be_seen_any_more_is_unknown() -> None:
    found = since(errors_s=None)
    assert (found.verdict, found.says.partition("after: ")[2]) == (
        Verdict.UNKNOWN,
        "errors cannot be seen any more",
    )


def test_the_seconds_that_still_tell_of_the_change_are_left_out() -> None:
    during = (*samples(1001.0, 1, errors_s=50.0), *samples(1006.0, 6))
    assert aftercare(plan(), Before(snapshot=calm(), samples=BEFORE), during, ENDED_S).verdict is Verdict.SAME


def test_what_happens_long_after_is_not_blamed_on_the_change() -> None:
    late = (*samples(1006.0, 30), *samples(1200.0, 30, errors_s=9.0))
    assert aftercare(plan(), Before(snapshot=calm(), samples=BEFORE), late, ENDED_S).verdict is Verdict.SAME


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (plan("drain"), "ready app2"),
        (plan("maint"), "ready app2"),
        (plan("set-weight", parameters={"weight": 10}), "set-weight app2 --weight 100"),
        (plan("add-server", "app4"), "remove-server app4"),
        (plan("remove-server"), "add-server app2"),
        (plan("add-secondary", "db4"), "remove-member db4"),
        (plan("remove-member", "db3"), "add-secondary db3"),
        (plan("set-priority", "db2", {"priority": 5}), "set-priority db2 --priority 1.0"),
        (plan("freeze", "db2"), "unfreeze db2"),
        (plan("step-down", "db1", {"to": "db2"}), "step-down db2 --to db1"),
        (plan("step-down", "db1", {"to": ""}), "None"),
        (plan("step-down", "db1"), "None"),
        (plan("restart", "db1"), "None"),
        (plan("drain", "app9"), "None"),
    ],
)
def test_the_way_back_is_the_action_that_undoes_it(made: Plan, expected: str) -> None:
    assert str(way_back(made, calm())) == expected


def test_who_was_drained_before_is_drained_again() -> None:
    assert str(way_back(plan("maint"), draining("app2"))) == "drain app2"
    assert str(way_back(plan("ready"), draining("app2"))) == "drain app2"
    mixed = with_pools(calm(), "app2", balancer="lb1", admin=Admin.MAINT)
    assert way_back(plan("ready"), mixed) is None


def test_a_resize_goes_back_in_what_it_changed_and_the_cache_that_went_with_it() -> None:
    sized = with_node(calm(), "db1", size=Size(cpus=4.0, memory_bytes=8 * GIB, cache_bytes=3 * GIB))
    unchanged: dict[str, Value] = {"memory": 0, "cpus": 0.0, "cache": 0, "workers": 0}
    made = plan("resize", "db1", unchanged | {"memory": 16 * GIB})
    assert str(way_back(made, sized)) == f"resize db1 --memory {8 * GIB} --cache {3 * GIB}"
    assert str(way_back(plan("resize", "db1", unchanged | {"cpus": 8.0}), sized)) == "resize db1 --cpus 4.0"
    assert way_back(made, with_node(calm(), "db1", size=None)) is None


async def test_a_session_tells_of_its_last_change_and_of_none_before(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, _):
        assert session.aftercare() is None
        await session.start(session.plan("drain", "app2"), Confirmation(reason="test")).finished()
        found = session.aftercare()
        assert found is not None
        assert (found.title, found.verdict, str(found.way_back)) == ("Drain app2", Verdict.UNKNOWN, "ready app2")
        refused = session.start(session.plan("drain", "app3"), Confirmation(reason="test"))
        await asyncio.sleep(0)
        assert session.aftercare() is None
        await refused.finished()
        assert session.aftercare() is None
