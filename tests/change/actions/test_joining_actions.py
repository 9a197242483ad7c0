"""add-server, remove-server and set-weight: what they would do, and what they refuse, as values."""

from dataclasses import replace
from typing import Any

import pytest

from console.change.actions import action_named
from console.change.ops import AddServers, DeleteServers, SetAdmin, SetWeights, Wait
from console.change.plan import Plan, PlanError
from console.change.proofs import Gone, Passes, ServesWell, Stands, WeightIs
from console.cluster.snapshot import Admin, Health, Snapshot
from console.cluster.whatif import Grade
from tests.cluster.pictures import (
    calm,
    unknown,
    with_backend,
    with_balancer,
    with_pools,
    with_server,
    with_spare_server,
)

PLACES = [("lb1", "app"), ("lb1", "web"), ("lb2", "app"), ("lb2", "web")]


def plan(snapshot: Snapshot, action: str, target: str = "app2", **given: Any) -> Plan:
    named = action_named(action)
    parameters = {name.replace("_", "-"): value for name, value in given.items()}
    return named.plan(snapshot, target, named.values(parameters))


def added(snapshot: Snapshot | None = None, target: str = "app4", **given: Any) -> Plan:
    return plan(snapshot or with_spare_server(calm()), "add-server", target, **given)


def refusal(made: Plan) -> str:
    assert made.refusals, "it was not refused"
    return "; ".join(f"{c.says}: {c.value} / {c.limit}" for c in made.refusals)


def without(snapshot: Snapshot, name: str, **where: str) -> Snapshot:
    """The same where a server does not stand, of one balancer and backend or of all."""
    server = snapshot.app_server(name)
    assert server
    gone = [p for p in server.pools if all(getattr(p, key) == value for key, value in where.items())]
    return with_server(snapshot, name, pools=tuple(p for p in server.pools if p not in gone))


def test_a_spare_server_joins_in_maintenance_is_tried_without_traffic_and_then_takes_more_step_by_step() -> None:
    made = added()
    assert not made.refusals
    join, trial, first, second, third = made.steps
    assert isinstance(join.op, AddServers)
    assert [(e.place.balancer, e.place.backend) for e in join.op.entries] == PLACES
    assert {(e.address, e.weight, e.options) for e in join.op.entries} == {("10.0.1.14:8080", 10, "check inter 2s")}
    assert trial.op == SetAdmin(tuple((entry.place, Admin.DRAIN) for entry in join.op.entries))
    assert first.op == SetAdmin(tuple((entry.place, Admin.READY) for entry in join.op.entries))
    assert [isinstance(step.op, SetWeights) for step in (second, third)] == [True, True]
    assert [type(step.proof) for step in made.steps] == [Stands, Passes, ServesWell, ServesWell, ServesWell]
    assert [{w for _, w in step.proof.weights} for step in made.steps if isinstance(step.proof, ServesWell)] == [
        {10},
        {50},
        {100},
    ]


def test_every_step_of_joining_has_its_way_back_down_to_the_deletion() -> None:
    made = added()
    states = [{a for _, a in step.undo.states} for step in made.steps if isinstance(step.undo, SetAdmin)]
    assert states == [{Admin.MAINT}, {Admin.DRAIN}, {Admin.DRAIN}, {Admin.DRAIN}], "out of traffic at once"
    assert isinstance(made.steps[0].undo, DeleteServers)
    assert isinstance(made.steps[0].undone, Gone)


def test_each_weight_is_held_for_as_long_as_is_asked() -> None:
    assert [step.steady_s for step in added(hold=60).steps[2:]] == [60.0, 60.0, 60.0]
    assert all(step.patience_s > step.steady_s for step in added(hold=60).steps)


def test_a_server_takes_the_weight_of_the_others_or_the_one_that_is_asked_for() -> None:
    snapshot = with_pools(with_spare_server(calm()), "app1", balancer="lb2", weight=40)
    snapshot = with_pools(snapshot, "app2", balancer="lb2", weight=40)
    last = added(snapshot).steps[-1].op
    assert isinstance(last, SetWeights)
    assert [weight for _, weight in last.weights] == [100, 100, 40, 40]
    asked = added(weight=20).steps[-1].op
    assert isinstance(asked, SetWeights)
    assert {weight for _, weight in asked.weights} == {20}


def test_weights_too_small_for_a_share_are_taken_at_once_and_that_is_said() -> None:
    made = added(weight=1)
    assert len(made.steps) == 3
    assert "it takes its whole share at once" in made.notes[-1]


def test_what_has_to_be_written_to_outlive_a_reload_is_told_line_by_line() -> None:
    assert added().notes == tuple(
        f"It will not survive a reload of lb1 and lb2 until this stands in backend {backend}: "
        "server app4 10.0.1.14:8080 check weight 100"
        for backend in ("app", "web")
    )


def test_what_a_balancer_has_to_say_of_a_server_that_joins_is_told_with_the_places() -> None:
    snapshot = with_backend(with_spare_server(calm()), "lb1", "web", notes=("it pins no client.",))
    assert added(snapshot).notes[0] == "web on lb1: it pins no client."


def test_one_more_server_is_safe() -> None:
    impact = added().impact
    assert (impact.grade, impact.before.serving, impact.after.serving) == (Grade.SAFE, 3, 4)
    assert impact.after.app_servers == 4


@pytest.mark.parametrize("health", [Health.DOWN, Health.UNKNOWN])
def test_a_spare_server_that_is_not_well_does_not_join(health: Health) -> None:
    words = refusal(added(with_spare_server(calm(), health=health, reason="mongodb: fail")))
    assert f"app4 is healthy by its own word: {health}, seen 0.4 s ago: mongodb: fail / up" in words


def test_a_spare_server_that_was_not_asked_lately_does_not_join() -> None:
    assert "app4 is healthy by its own word: up, seen 7.0 s ago / up, seen within 5 s" in refusal(
        added(with_spare_server(calm(), age_s=7.0))
    )


def test_one_balancer_that_is_not_seen_refuses_the_joining_everywhere() -> None:
    down = with_balancer(with_spare_server(calm()), "lb2", health=Health.DOWN, reason="connection refused")
    assert "lb2 answers: down, seen 0.3 s ago: connection refused" in refusal(added(down))
    reading = with_balancer(with_spare_server(calm()), "lb1", writable=False)
    assert "lb1 lets us change it: no: the socket is read-only / yes" in refusal(added(reading))


def test_a_backend_that_takes_no_servers_refuses_with_its_reason() -> None:
    snapshot = with_backend(with_spare_server(calm()), "lb2", "web", refuses_servers="`balance static-rr` does not")
    assert "lb2 takes servers in web while it runs: `balance static-rr` does not / yes" in refusal(added(snapshot))
    assert "lb2 takes servers in web while it runs: not known" in refusal(
        added(with_balancer(with_spare_server(calm()), "lb2", pools=()))
    )


def test_a_server_that_stands_everywhere_does_not_join_again() -> None:
    words = refusal(added(calm(), "app2"))
    assert "a pool lacks app2: it stands in app on lb1, app on lb2, web on lb1 and web on lb2 / at least 1" in words


def test_a_server_that_one_balancer_lacks_joins_there_alone() -> None:
    op = added(without(calm(), "app2", balancer="lb2"), "app2").steps[0].op
    assert isinstance(op, AddServers)
    assert [(e.place.balancer, e.place.backend) for e in op.entries] == [("lb2", "app"), ("lb2", "web")]


def test_a_spare_server_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(PlanError, match=r"no spare application server 'ap4'; did you mean 'app4'\? there are: app4"):
        added(target="ap4")
    with pytest.raises(PlanError, match="none has `spare = true` in the cluster file"):
        added(calm())


def test_what_can_join_is_every_spare_server_and_whoever_a_pool_lacks() -> None:
    targets = action_named("add-server").targets
    assert targets(with_spare_server(calm())) == ("app4",)
    assert targets(without(calm(), "app2", balancer="lb2")) == ("app2",)


def test_a_server_leaves_after_drain_and_maintenance_and_comes_back_as_it_was() -> None:
    made = plan(calm(), "remove-server")
    assert not made.refusals
    assert [type(step.op) for step in made.steps] == [SetAdmin, Wait, SetAdmin, Wait, DeleteServers]
    deletion = made.steps[-1]
    assert isinstance(deletion.undo, AddServers)
    assert {(e.address, e.weight, e.options, e.checked) for e in deletion.undo.entries} == {
        ("10.0.1.12:8080", 100, "check inter 2s", True)
    }
    assert deletion.undo.thorough
    assert deletion.undone == Stands(deletion.undo.entries)


def test_a_server_in_maintenance_leaves_without_being_drained_once_more() -> None:
    made = plan(with_pools(calm(), "app2", admin=Admin.MAINT), "remove-server")
    assert [type(step.op) for step in made.steps] == [Wait, DeleteServers]


def test_the_last_serving_server_does_not_leave() -> None:
    alone = with_server(with_pools(calm(), "app3", admin=Admin.MAINT), "app1", health=Health.DOWN)
    assert "0 others serving / at least 1 other" in refusal(plan(alone, "remove-server"))


def test_of_three_one_may_leave_safely_and_of_two_it_is_degraded() -> None:
    assert plan(calm(), "remove-server").impact.says == "2 of 2 application servers keep serving; one more may be lost"
    two = plan(with_pools(calm(), "app3", admin=Admin.MAINT), "remove-server")
    assert (two.impact.grade, two.confirm_words) == (Grade.DEGRADED, "app2")


def test_that_a_reload_brings_a_written_server_back_is_said_before() -> None:
    [note] = [n for n in plan(calm(), "remove-server").notes if "reload" in n]
    assert note == (
        "app2 stands in the configuration of app on lb1, app on lb2, web on lb1 and web on lb2: "
        "a reload brings it back."
    )
    assert not [n for n in plan(with_pools(calm(), "app2", dynamic=True), "remove-server").notes if "reload" in n]
    unseen = plan(with_pools(calm(), "app2", dynamic=None), "remove-server").notes[-1]
    assert unseen.startswith("Whether app2 stands in the configuration of ")


def test_a_server_leaves_no_backend_that_could_not_take_it_back() -> None:
    snapshot = with_backend(calm(), "lb1", "app", refuses_servers="`balance static-rr` does not")
    assert "lb1 takes servers in app while it runs" in refusal(plan(snapshot, "remove-server"))


def test_a_weight_is_set_in_every_place_in_one_step_and_undone_to_what_each_had() -> None:
    snapshot = with_pools(calm(), "app2", balancer="lb2", weight=60)
    [step] = plan(snapshot, "set-weight", weight=30).steps
    assert isinstance(step.op, SetWeights)
    assert {weight for _, weight in step.op.weights} == {30}
    assert isinstance(step.undo, SetWeights)
    assert [(p.balancer, weight) for p, weight in step.undo.weights] == [
        ("lb1", 100),
        ("lb1", 100),
        ("lb2", 60),
        ("lb2", 60),
    ]
    assert step.undone == WeightIs(step.undo.weights)


def test_without_a_number_it_is_the_weight_of_the_others() -> None:
    assert plan(calm(), "set-weight").steps == ()
    [step] = plan(with_pools(calm(), "app2", weight=7), "set-weight").steps
    assert isinstance(step.op, SetWeights)
    assert {weight for _, weight in step.op.weights} == {100}


def test_a_weight_of_zero_is_judged_like_a_drain() -> None:
    made = plan(calm(), "set-weight", weight=0)
    assert not made.refusals
    assert made.impact.after.serving == 2
    assert "`drain app2` says so" in made.notes[0]
    two = with_pools(calm(), "app3", admin=Admin.MAINT)
    assert plan(two, "set-weight", weight=0).impact.grade is Grade.DEGRADED
    alone = with_pools(two, "app1", admin=Admin.DRAIN)
    assert "0 others serving / at least 1 other" in refusal(plan(alone, "set-weight", weight=0))
    assert not plan(alone, "set-weight", weight=1).refusals


def test_a_weight_that_the_configuration_does_not_have_is_said_to_be_lost_at_a_reload() -> None:
    assert plan(calm(), "set-weight", weight=30).notes == (
        "It will not survive a reload: the configuration says 100 in app on lb1, 100 in app on lb2, "
        "100 in web on lb1 and 100 in web on lb2.",
    )
    assert plan(with_pools(calm(), "app2", written_weight=30), "set-weight", weight=30).notes == ()


def test_a_backend_that_takes_no_weights_refuses_with_its_reason() -> None:
    snapshot = with_backend(calm(), "lb1", "web", refuses_weights="`balance source` does only with consistent")
    assert "lb1 takes weights in web while it runs: `balance source` does only" in refusal(
        plan(snapshot, "set-weight", weight=5)
    )


@pytest.mark.parametrize("action", ["add-server", "remove-server", "set-weight"])
def test_nothing_is_done_to_a_cluster_that_nobody_sees(action: str) -> None:
    assert plan(unknown(), action).refusals


@pytest.mark.parametrize(
    ("action", "given", "says"),
    [
        ("set-weight", {"weight": 257}, "--weight: expected -1 to 256, got 257"),
        ("set-weight", {"weight": "many"}, "--weight: expected int, got 'many'"),
        ("add-server", {"hold": 0}, "--hold: expected 1 to 3600, got 0"),
        ("add-server", {"weight": 300}, "--weight: expected 0 to 256, got 300"),
        ("remove-server", {"colour": "red"}, "remove-server has no parameter 'colour'; it has: deadline, at-deadline"),
    ],
)
def test_a_wrong_parameter_is_told_with_what_was_expected(action: str, given: dict[str, Any], says: str) -> None:
    with pytest.raises(PlanError, match=says):
        plan(calm(), action, **given)


def test_a_plan_binds_to_the_weights_and_to_the_process_that_it_was_made_from() -> None:
    before = plan(calm(), "set-weight", weight=30)
    moved = plan(with_pools(calm(), "app2", balancer="lb1", backend="app", weight=31), "set-weight", weight=30)
    assert before.difference(moved) == "lb1: app/app2 weight was 100, is 31"
    reloaded = with_balancer(with_spare_server(calm()), "lb1", process_id=9)
    assert added().difference(added(reloaded)) == "lb1 process was 4001, is 9"


def test_a_server_that_joins_has_its_own_port_or_the_one_that_the_others_have() -> None:
    own = with_spare_server(calm(), address="10.0.1.14:9090")
    op = added(own).steps[0].op
    assert isinstance(op, AddServers)
    assert {entry.address for entry in op.entries} == {"10.0.1.14:9090"}
    six = with_spare_server(calm(), address="fd00::4")
    op = added(six).steps[0].op
    assert isinstance(op, AddServers)
    assert {entry.address for entry in op.entries} == {"[fd00::4]:8080"}


def test_servers_that_the_cluster_file_does_not_have_do_not_tell_where_to_join() -> None:
    stranger = calm().app_servers[0]
    pools = tuple(replace(pool, backend="other") for pool in stranger.pools)
    snapshot = with_spare_server(calm())
    foreign = replace(snapshot, app_servers=(*snapshot.app_servers, replace(stranger, name="foreign", pools=pools)))
    op = added(foreign).steps[0].op
    assert isinstance(op, AddServers)
    assert {entry.place.backend for entry in op.entries} == {"app", "web"}
