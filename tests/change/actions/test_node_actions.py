"""restart and resize: what they would do to a server, a secondary, the Primary and a spare, and what they refuse."""

import json
from dataclasses import replace
from typing import Any

import pytest
import rfc8785

from console.change.actions import action_named
from console.change.actions.resize import cache_for
from console.change.bytesize import ByteSize, amount, exactly
from console.change.ops import Resize, SetAdmin, StepDown, TurnService, Wait
from console.change.plan import Plan, PlanError
from console.change.proofs import ServiceIs, Spared
from console.change.stored import decoded, encoded
from console.cluster.fresh import FRESH_S
from console.cluster.snapshot import Admin, Health, MemberState, ServiceState, Size, Snapshot
from console.cluster.whatif import Grade
from tests.cluster.pictures import calm, unknown, with_member, with_node, with_pools

GIB = 2**30


def plan(snapshot: Snapshot, action: str, target: str, **given: Any) -> Plan:
    named = action_named(action)
    parameters = {name.replace("_", "-"): value for name, value in given.items()}
    return named.plan(snapshot, target, named.values(parameters))


def refusal(made: Plan) -> str:
    assert made.refusals, "it was not refused"
    return "; ".join(f"{c.says}: {c.value} / {c.limit}" for c in made.refusals)


def kinds(made: Plan) -> list[type]:
    return [type(step.op) for step in made.steps]


def test_a_server_is_drained_and_out_of_the_pools_while_it_is_turned() -> None:
    made = plan(calm(), "restart", "app2")
    assert not made.refusals
    assert kinds(made) == [SetAdmin, Wait, SetAdmin, TurnService, TurnService, SetAdmin]
    out, back = made.steps[2].op, made.steps[-1].op
    assert isinstance(out, SetAdmin)
    assert isinstance(back, SetAdmin)
    assert {admin for _, admin in out.states} == {Admin.MAINT}
    assert {admin for _, admin in back.states} == {Admin.READY}
    assert made.steps[-1].proof.says == "app2 is healthy and up on lb1 and lb2"


def test_a_server_that_an_operator_took_out_stays_out_afterwards() -> None:
    assert kinds(plan(with_pools(calm(), "app2", admin=Admin.MAINT), "restart", "app2")) == [TurnService, TurnService]
    back = plan(with_pools(calm(), "app2", admin=Admin.DRAIN), "restart", "app2").steps[-1].op
    assert isinstance(back, SetAdmin)
    assert {admin for _, admin in back.states} == {Admin.DRAIN}


def test_a_secondary_is_stopped_resized_started_and_its_size_is_read_inside_it() -> None:
    made = plan(calm(), "resize", "db2", memory="8GiB", cpus=4)
    assert not made.refusals
    assert kinds(made) == [TurnService, Resize, TurnService, Wait]
    resized = made.steps[1].op
    assert isinstance(resized, Resize)
    assert resized.size == Size(cpus=4.0, memory_bytes=8 * GIB, cache_bytes=cache_for(8 * GIB))
    assert made.steps[1].undo == Resize("db2", Size(cpus=8.0, memory_bytes=16 * GIB, cache_bytes=7 * GIB))
    assert made.steps[0].undo == TurnService("db2", "start")
    assert made.steps[3].proof.says == "read inside db2: 4 cpus, 8 GiB of memory, 3.5 GiB of cache"


def test_the_primary_hands_over_before_it_is_turned() -> None:
    made = plan(calm(), "resize", "db1", memory="8GiB")
    assert not made.refusals
    assert kinds(made) == [StepDown, TurnService, Resize, TurnService, Wait]
    assert any("is likely to take over" in note for note in made.notes)


def test_with_three_members_the_absence_of_one_is_degraded_and_asks_for_its_name() -> None:
    made = plan(calm(), "restart", "db2")
    assert made.impact.grade is Grade.DEGRADED
    assert made.confirm_words == "db2"


def test_a_member_is_not_turned_while_another_is_down_or_behind() -> None:
    for wanting in ({"health": Health.DOWN}, {"lag_s": 60.0}, {"lag_s": None}, {"age_s": 6.0}):
        assert "every other voting member is up and caught up: db3 / all of them" in refusal(
            plan(with_member(calm(), "db3", **wanting), "restart", "db2")
        )
    assert "writes go on without db2: 1 votes" in refusal(
        plan(with_member(calm(), "db3", health=Health.DOWN), "restart", "db2")
    )


def test_the_oplog_must_reach_back_twice_as_far_as_the_member_may_be_away() -> None:
    one = with_member(calm(), "db3", oplog_window_s=200.0, oplog_full_s=200.0)
    assert not plan(one, "restart", "db2").refusals  # db1 reaches back far enough, and one will do
    short = with_member(one, "db1", oplog_window_s=150.0, oplog_full_s=150.0)
    young = with_member(short, "db3", oplog_full_s=86_400.0)
    assert not plan(young, "restart", "db2").refusals  # it has lost nothing yet
    assert "200 s / at least 240 s" in refusal(plan(short, "restart", "db2"))
    assert not plan(short, "restart", "db2", absence=60).refusals


def test_how_long_it_is_to_be_away_is_weighed() -> None:
    [weighed] = [says for says in plan(calm(), "restart", "db2", absence=300).impact.weighed if "oplog" in says]
    assert weighed.endswith("db2 is to be away for 5 min, which needs at least 600 s")


def test_a_stop_expects_just_before_it_that_it_harms_nobody() -> None:
    server, member, leader = (plan(calm(), "restart", target) for target in ("app2", "db2", "db1"))
    assert server.steps[3].expects == server.steps[2].proof
    assert member.steps[0].expects == Spared("db2")
    assert leader.steps[1].expects == Spared("db1")


def test_a_size_is_changed_only_while_the_service_is_seen_to_stand() -> None:
    assert plan(calm(), "resize", "db2", cpus=4).steps[1].expects == ServiceIs("db2", ServiceState.STOPPED)


@pytest.mark.parametrize(
    ("snapshot", "says"),
    [
        (calm(), "db2 does not lead, and writes go on without it"),
        (with_member(calm(), "db3", health=Health.DOWN), "db3 would be needed without db2, and cannot be counted on"),
        (with_member(calm(), "db2", writable=True), "db2 is Primary"),
        (with_member(calm(), "db2", age_s=9.0), "db2 has not been seen for 5 s"),
    ],
)
def test_who_can_be_spared_is_looked_at_anew(snapshot: Snapshot, says: str) -> None:
    verdict = Spared("db2").look(snapshot, FRESH_S)
    assert (verdict.holds, verdict.says) == (says.startswith("db2 does not lead"), says)


def test_no_member_is_turned_while_nobody_is_primary() -> None:
    nobody = with_member(calm(), "db1", writable=False, state=MemberState.SECONDARY)
    assert "there is one Primary: nobody takes writes" in refusal(plan(nobody, "restart", "db2"))


def test_a_member_that_was_not_seen_lately_does_not_count_as_well() -> None:
    assert "db3 / all of them" in refusal(plan(with_member(calm(), "db3", age_s=7.0), "restart", "db2"))


def test_a_voter_that_is_never_primary_is_well_all_the_same() -> None:
    reserve = with_member(calm(), "db3", priority=0.0)
    assert not plan(with_member(reserve, "db3", hidden=True), "restart", "db2").refusals


def test_the_last_serving_server_is_not_turned() -> None:
    alone = with_pools(with_pools(calm(), "app1", admin=Admin.MAINT), "app3", admin=Admin.MAINT)
    assert "0 others serving" in refusal(plan(alone, "restart", "app2"))


def test_memory_below_what_is_in_use_is_refused_with_both_values() -> None:
    assert "app2 has room in 4 GiB: 6 GiB in use / at most 4 GiB" in refusal(
        plan(calm(), "resize", "app2", memory="4GiB")
    )


def test_a_cache_that_leaves_too_little_for_the_rest_is_refused() -> None:
    words = refusal(plan(calm(), "resize", "db2", memory="8GiB", cache="7.5GiB"))
    assert "the cache leaves 1 GiB of memory for the rest: 7.5 GiB of 8 GiB / at most 7 GiB" in words


def test_a_cache_that_wired_tiger_does_not_take_is_refused() -> None:
    assert "the cache is one that WiredTiger takes: 100 MiB / at least 256 MiB" in refusal(
        plan(calm(), "resize", "db2", cache="100MiB")
    )


def test_more_than_there_is_cannot_be_given() -> None:
    limited = with_node(calm(), "app2", size_most=Size(cpus=16.0))
    assert "app2 can be given what --cpus asks for: 64 cpus / at most 16 cpus" in refusal(
        plan(limited, "resize", "app2", cpus=64)
    )
    assert not plan(limited, "resize", "app2", cpus=16).refusals


def test_what_a_node_does_not_have_cannot_be_given_to_it() -> None:
    assert "--cache applies to app2: it has none" in refusal(plan(calm(), "resize", "app2", cache="1GiB"))
    assert "--workers applies to db2: it has none" in refusal(plan(calm(), "resize", "db2", workers=4))


def test_a_plan_with_an_amount_of_memory_is_kept_whole_by_the_journal() -> None:
    made = plan(calm(), "resize", "db1", memory="8GiB", cpus=4)
    assert decoded(json.loads(rfc8785.dumps(encoded(made)))) == made


def still(snapshot: Snapshot, made: Plan) -> str:
    going_on = action_named(made.action).still
    assert going_on
    return "; ".join(check.says for check in going_on(snapshot, made) if not check.ok)


def test_what_was_interrupted_goes_on_while_the_service_stands_and_not_while_nobody_knows() -> None:
    for target in ("app2", "db2"):
        made = plan(calm(), "restart", target)
        assert still(with_node(calm(), target, service=ServiceState.STOPPED), made) == ""
        lost = with_node(calm(), target, service=ServiceState.UNKNOWN)
        assert still(lost, made) == f"whether the service of {target} runs is known"


def test_a_server_that_became_the_last_one_meanwhile_is_not_taken_out_by_going_on() -> None:
    made = plan(calm(), "restart", "app2")
    alone = with_pools(with_pools(calm(), "app1", admin=Admin.MAINT), "app3", admin=Admin.MAINT)
    assert still(alone, made) == "another server serves in every pool without app2"


def test_a_size_that_is_so_already_is_nothing_to_do() -> None:
    made = plan(calm(), "resize", "app2", memory="16GiB", cpus=8)
    assert (made.steps, made.refusals) == ((), ())


def test_a_size_that_takes_effect_at_once_needs_no_stop() -> None:
    made = plan(with_node(calm(), "app2", size_live=True), "resize", "app2", cpus=16)
    assert kinds(made) == [Resize]
    assert not made.refusals


def test_a_node_that_is_not_declared_is_refused_with_the_table_to_add() -> None:
    bare = with_node(calm(), "app2", has_service=False, has_size=False, service=ServiceState.UNKNOWN, size=None)
    assert "not told / `service` in its [[nodes]] table" in refusal(plan(bare, "restart", "app2"))
    assert "not told / `size` in its [[nodes]] table" in refusal(plan(bare, "resize", "app2", cpus=2))


def test_a_service_whose_state_is_unknown_or_stopped_is_not_turned() -> None:
    for state in (ServiceState.UNKNOWN, ServiceState.STOPPED):
        assert f"{state} / running" in refusal(plan(with_node(calm(), "app2", service=state), "restart", "app2"))


def test_nothing_is_turned_in_a_cluster_that_nobody_sees() -> None:
    for target in ("app1", "db1", "db2"):
        assert plan(unknown(), "restart", target).refusals


def test_a_spare_is_just_turned() -> None:
    spare = with_node(calm(), "app3", spare=True)
    spare = replace(spare, app_servers=spare.app_servers[:2])
    assert kinds(plan(spare, "restart", "app3")) == [TurnService, TurnService]


@pytest.mark.parametrize(
    ("target", "given", "says"),
    [
        ("ap2", {"cpus": 2}, r"no node 'ap2'; did you mean 'app2'\?"),
        ("lb1", {"cpus": 2}, "lb1 is a balancer"),
        ("app2", {}, "resize app2 to what"),
        ("app2", {"memory": "much"}, "--memory: expected an amount such as 512MiB, 8GiB or plain bytes, got 'much'"),
        ("app2", {"memory": "8 parsecs"}, "--memory: expected an amount"),
        ("app2", {"cpus": -1}, "--cpus: expected 0 to 1024, got -1"),
    ],
)
def test_a_wrong_word_is_told_with_the_right_one(target: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        plan(calm(), "resize", target, **given)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("8GiB", 8 * GIB), ("1.5gib", 3 * GIB // 2), ("512MiB", 512 * 2**20), ("1GB", 10**9), ("1024", 1024), (7, 7)],
)
def test_an_amount_is_read_with_its_unit(text: str | int, size_bytes: int) -> None:
    assert ByteSize(text) == size_bytes


def test_an_amount_is_said_in_a_readable_unit() -> None:
    assert [exactly(size) for size in (8 * GIB, 8 * GIB + 1)] == ["8 GiB", "8589934593 bytes"]
    assert [amount(size) for size in (8 * GIB, 3 * GIB // 2, 512 * 2**20, 1024, 7)] == [
        "8 GiB",
        "1.5 GiB",
        "512 MiB",
        "1 KiB",
        "7 bytes",
    ]


def test_a_cache_is_whole_mebibytes_as_mongod_reads_it() -> None:
    assert cache_for(3 * GIB + 3 * 2**20) == GIB + 2**20
    resized = plan(calm(), "resize", "db2", cache="300000000").steps[1].op
    assert isinstance(resized, Resize)
    assert resized.size == Size(cache_bytes=286 * 2**20)


def test_the_cache_follows_the_memory_as_mongod_itself_would_choose_it() -> None:
    assert cache_for(16 * GIB) == 15 * GIB // 2
    assert cache_for(GIB) == 256 * 2**20
