"""drain, ready and maint: what they would do, and what they refuse, as values."""

from typing import Any

import pytest

from console.change.actions import action_named
from console.change.ops import SetAdmin, Wait
from console.change.plan import Plan, PlanError
from console.cluster.snapshot import Admin, Health, Snapshot
from console.cluster.whatif import Grade
from tests.cluster.pictures import calm, draining, unknown, with_balancer, with_pools, with_server


def plan(snapshot: Snapshot, action: str = "drain", target: str = "app2", **given: Any) -> Plan:
    named = action_named(action)
    parameters = {name.replace("_", "-"): value for name, value in given.items()}
    return named.plan(snapshot, target, named.values(parameters))


def refusal(made: Plan) -> str:
    assert made.refusals, "it was not refused"
    return "; ".join(f"{c.says}: {c.value} / {c.limit}" for c in made.refusals)


def test_a_drain_goes_to_every_place_in_one_step_and_then_waits() -> None:
    made = plan(calm())
    assert not made.refusals
    drained, waited = made.steps
    assert isinstance(drained.op, SetAdmin)
    assert {(p.balancer, p.backend, admin) for p, admin in drained.op.states} == {
        (balancer, backend, Admin.DRAIN) for balancer in ("lb1", "lb2") for backend in ("app", "web")
    }
    assert isinstance(drained.undo, SetAdmin)
    assert {admin for _, admin in drained.undo.states} == {Admin.READY}
    assert isinstance(waited.op, Wait)
    assert waited.asks == ("wait", "extend", "end-sessions", "undo")


def test_a_drain_with_three_servers_is_safe_and_with_two_it_is_degraded() -> None:
    assert plan(calm()).impact.grade is Grade.SAFE
    assert plan(calm()).confirm_words is None
    two = plan(with_pools(calm(), "app3", admin=Admin.MAINT))
    assert two.impact.grade is Grade.DEGRADED
    assert two.confirm_words == "app2"


def test_the_last_serving_server_is_not_drained() -> None:
    alone = with_server(with_pools(calm(), "app3", admin=Admin.MAINT), "app1", health=Health.DOWN, reason="HTTP 503")
    assert "0 others serving / at least 1 other" in refusal(plan(alone))


def test_a_server_whose_health_is_unknown_does_not_count_as_serving() -> None:
    dim = with_server(with_server(calm(), "app1", health=Health.UNKNOWN), "app3", health=Health.UNKNOWN)
    assert "0 others serving" in refusal(plan(dim))


def test_the_last_server_of_one_backend_on_one_balancer_is_enough_to_refuse() -> None:
    split = with_pools(calm(), "app1", balancer="lb2", backend="web", admin=Admin.DRAIN)
    split = with_pools(split, "app3", balancer="lb2", backend="web", admin=Admin.DRAIN)
    assert "0 others serving" in refusal(plan(split))


def test_a_server_that_serves_nowhere_may_be_drained_beside_a_lonely_one() -> None:
    lonely = with_pools(with_pools(calm(), "app3", admin=Admin.MAINT), "app2", admin=Admin.MAINT)
    assert not plan(lonely, target="app3").refusals


@pytest.mark.parametrize("health", [Health.DOWN, Health.UNKNOWN])
def test_a_balancer_that_does_not_answer_refuses_the_drain(health: Health) -> None:
    words = refusal(plan(with_balancer(calm(), "lb2", health=health, reason="no answer within 2 s")))
    assert f"lb2 answers: {health}, seen 0.3 s ago: no answer within 2 s / up, seen within 5 s" in words


def test_data_that_is_too_old_refuses_the_drain_with_its_age() -> None:
    assert "lb1 answers: up, seen 7.5 s ago / up, seen within 5 s" in refusal(
        plan(with_balancer(calm(), "lb1", age_s=7.5))
    )


def test_a_socket_that_only_reads_refuses_the_drain() -> None:
    assert "lb1 lets us change it: no: the socket is read-only / yes" in refusal(
        plan(with_balancer(calm(), "lb1", writable=False))
    )


def test_nothing_is_done_to_a_cluster_that_nobody_sees() -> None:
    for action in ("drain", "ready", "maint"):
        assert plan(unknown(), action).refusals


def test_sticky_sessions_are_said_before_not_discovered_after() -> None:
    [note] = plan(calm()).notes
    assert "web on lb1, web on lb2" in note
    assert "only maint moves such clients" in note.lower()
    assert plan(with_pools(calm(), "app2", sticky=False)).notes == ()


def test_draining_what_drains_already_is_nothing_to_do() -> None:
    assert plan(draining()).steps == ()
    assert not plan(draining()).refusals


def test_a_drain_that_is_only_half_there_is_completed_and_undone_to_the_half() -> None:
    half = with_pools(calm(), "app2", balancer="lb1", admin=Admin.DRAIN)
    undo = plan(half).steps[0].undo
    assert isinstance(undo, SetAdmin)
    assert {(p.balancer, admin) for p, admin in undo.states} == {("lb1", Admin.DRAIN), ("lb2", Admin.READY)}


def test_maint_drains_waits_and_then_takes_out() -> None:
    made = plan(calm(), "maint")
    drained, waited, maintained = made.steps
    assert isinstance(maintained.op, SetAdmin)
    assert {admin for _, admin in maintained.op.states} == {Admin.MAINT}
    assert waited.patience_s == 60.0
    assert drained.does == "drain app2 on every balancer"


def test_maint_of_a_drained_server_still_waits_for_its_sessions() -> None:
    waited, maintained = plan(draining(), "maint").steps
    assert isinstance(waited.op, Wait)
    assert isinstance(maintained.op, SetAdmin)


def test_ready_asks_the_server_first() -> None:
    sick = with_server(draining(), "app2", health=Health.DOWN, reason="mongodb: fail")
    assert "app2 is healthy by its own word: down, seen 0.4 s ago: mongodb: fail" in refusal(plan(sick, "ready"))
    assert not plan(draining(), "ready").refusals


def test_the_hash_follows_the_state_that_the_plan_was_made_from() -> None:
    before, moved = plan(calm()), plan(with_pools(calm(), "app2", balancer="lb1", admin=Admin.MAINT))
    assert before.hash == plan(calm()).hash
    assert before.hash != moved.hash
    assert before.difference(moved) == "lb1: app/app2 was ready, check up, is maint, check up; " + (
        "lb1: web/app2 was ready, check up, is maint, check up"
    )


def test_a_wrong_target_is_told_with_the_nearest() -> None:
    with pytest.raises(PlanError, match=r"no application server 'ap2'; did you mean 'app2'\?"):
        plan(calm(), target="ap2")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"deadline": 0}, "--deadline: expected 1 to 86400, got 0"),
        ({"deadline": "soon"}, "--deadline: expected float, got 'soon'"),
        ({"at_deadline": "explode"}, "--at-deadline: expected one of ask, wait, extend, end-sessions, undo"),
        ({"colour": "red"}, "drain has no parameter 'colour'; it has: deadline, at-deadline"),
    ],
)
def test_a_wrong_parameter_is_told_with_what_was_expected(given: dict[str, Any], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        plan(calm(), **given)


def test_an_unknown_action_is_told_with_the_nearest() -> None:
    with pytest.raises(PlanError, match=r"no action 'drian'; did you mean 'drain'\?"):
        action_named("drian")


@pytest.mark.parametrize(
    ("until", "seconds"), [("open", None), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400)]
)
@pytest.mark.parametrize(("action", "admin"), [("drain", Admin.DRAIN), ("maint", Admin.MAINT)])
def test_who_takes_a_server_out_may_say_until_when(action: str, admin: Admin, until: str, seconds: int | None) -> None:
    hold = plan(calm(), action, until=until).hold
    assert hold
    assert (hold.admin, hold.for_s) == (admin, seconds)


@pytest.mark.parametrize("until", ["soon", "0m", "-5m", "30", "m", "1.5h", "91d", "9999999999s", "30 m", ""])
def test_a_time_that_is_none_is_told_with_what_was_expected(until: str) -> None:
    with pytest.raises(PlanError, match=f"--until: expected a time of at most 90d such as 30m, .* got '{until}'"):
        plan(calm(), until=until)


def test_ready_ends_the_hold() -> None:
    hold = plan(draining(), "ready").hold
    assert hold
    assert hold.admin is Admin.READY
