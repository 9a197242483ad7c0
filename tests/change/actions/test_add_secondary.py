"""add-secondary: what a candidate must be, its three steps, and the arithmetic of votes."""

from dataclasses import replace
from typing import Any

import pytest

from console.change.actions import action_named
from console.change.ops import Reconfigure, Wait
from console.change.plan import Plan, PlanError
from console.change.proofs import ConfigurationIs, Synced
from console.cluster.configuration import configuration
from console.cluster.snapshot import Health, MemberState, Snapshot
from console.cluster.whatif import Grade
from tests.change.actions.refusals import refusal, warned
from tests.cluster.pictures import calm, primary_lost, unknown, with_member, with_members, with_spare


def plan(snapshot: Snapshot, target: str = "db4", **parameters: Any) -> Plan:
    action = action_named("add-secondary")
    return action.plan(snapshot, target, action.values(parameters))


def voters(count: int) -> Snapshot:
    db1, db2, db3 = calm().replica_set.members
    more = [
        replace(db3, name=f"x{n}", address=f"10.0.9.{n}:27017", process_id=f"x{n}", options=(f"_id={n}",))
        for n in range(4, count + 1)
    ]
    return with_spare(with_members(calm(), db1, db2, db3, *more))


def test_it_joins_without_a_vote_copies_and_gets_its_vote_only_then() -> None:
    made = plan(with_spare(calm()))
    assert not made.refusals
    joined, copied, counted = made.steps
    before = configuration(calm().replica_set)
    assert isinstance(joined.op, Reconfigure)
    assert (joined.op.before, joined.op.term) == (before, 7)
    [*old, new] = joined.op.after
    assert (tuple(old), new.address, new.votes, new.priority) == (before, "10.0.2.14:27017", 0, 0.0)
    assert isinstance(copied.op, Wait)
    assert copied.proof == Synced("db4", "10.0.2.14:27017")
    assert copied.asks == ("wait", "extend", "undo")
    assert isinstance(counted.op, Reconfigure)
    assert (counted.op.before, counted.op.term) == (joined.op.after, None)
    assert (counted.op.after[-1].votes, counted.op.after[-1].priority) == (1, 1.0)
    assert isinstance(counted.proof, ConfigurationIs)
    assert counted.proof.counted == "10.0.2.14:27017"


def test_each_reconfiguration_is_taken_back_whatever_others_changed_meanwhile() -> None:
    joined, _, counted = plan(with_spare(calm())).steps
    for step in (joined, counted):
        assert isinstance(step.op, Reconfigure)
        assert step.undo == Reconfigure(step.op.after, step.op.before, thorough=True)
        assert isinstance(step.undone, ConfigurationIs)
        assert step.undone.only == ("10.0.2.14:27017",)


def test_without_a_vote_it_is_two_steps_and_says_nothing_of_even_numbers() -> None:
    made = plan(with_spare(calm()), votes=0)
    assert len(made.steps) == 2
    assert "without a vote" in made.title
    assert "even" not in made.impact.says
    assert made.impact.grade is Grade.SAFE


def test_a_fourth_voter_is_allowed_and_never_without_saying_so() -> None:
    made = plan(with_spare(calm(), domain="rack-d"))
    assert made.impact.grade is Grade.DEGRADED
    assert made.confirm_words == "db4"
    assert made.impact.says.endswith("4 voters is an even number: majority 3, tolerates 1")
    assert "4 voters: majority 3, tolerates 1 (now 3: majority 2, tolerates 1)" in warned(made)


def test_a_fifth_voter_is_safe() -> None:
    made = plan(voters(4))
    assert not made.refusals
    assert not warned(made)
    assert "even" not in made.impact.says


def test_an_eighth_voter_is_refused_and_the_way_is_told() -> None:
    assert "8 members, 8 of them with a vote / at most 50 and 7: beyond 7 add it with --votes 0" in refusal(
        plan(voters(7))
    )
    assert not plan(voters(7), votes=0).refusals


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"health": Health.DOWN, "reason": "connection refused"},
            "db4 answers: down, seen 0.5 s ago: connection refused",
        ),
        ({"age_s": 7.0}, "db4 answers: up, seen 7.0 s ago / up, seen within 5 s"),
        ({"age_s": None}, "db4 answers: up, never seen"),
        ({"set_name": "rs9", "awaits_config": False}, "for the configuration of a set: it is in the set rs9"),
        ({"awaits_config": False}, "it runs without --replSet / started with --replSet and in no set"),
        ({"awaits_config": None}, "waits for the configuration of a set: not known"),
        ({"empty": False, "former": False}, "it was in a set that is not known to be this one / in no set yet"),
        ({"empty": False, "former": None}, "it was in a set that is not known to be this one"),
        ({"empty": None, "former": None}, "brings no data of another set: not known"),
        ({"process_id": "655f00000000000000000002"}, "no member under another name: it is db2, at 10.0.2.12:27017"),
        ({"address": "10.0.2.13:27017"}, "no member under another name: it is db3"),
        ({"process_id": ""}, "db4 does not tell its identity"),
        ({"reached_by": (("db1", True), ("db2", False), ("db3", True))}, "db2 cannot open it"),
        ({"reached_by": (("db1", True), ("db2", True))}, "db3 not known: its host has no shell that answers"),
        ({"address": "localhost:27019"}, "localhost:27019 is one, as are 0 of 3 members / all or none"),
        ({"version": "7.0.2"}, "db4 runs the Primary's version: 7.0.2 / 6.0"),
        ({"version": ""}, "db4 runs the Primary's version: not known / 6.0"),
        ({"compatibility": "5.0"}, "can run at the set's feature compatibility: 5.0 / 6.0 or later"),
        ({"clock_skew_s": 90.0}, "agrees with the Primary's: 90.0 s ahead / at most 5 s"),
        ({"clock_skew_s": -6.0}, "6.0 s behind / at most 5 s"),
        ({"clock_skew_s": None}, "agrees with the Primary's: not known"),
    ],
)
def test_a_candidate_that_will_not_do_is_refused_with_what_was_found(changes: dict[str, Any], words: str) -> None:
    assert words in refusal(plan(with_spare(calm(), **changes)))


def test_a_former_member_of_this_set_goes_on_from_its_data() -> None:
    made = plan(with_spare(calm(), empty=False, former=True))
    assert not made.refusals
    assert any("goes on from its data" in note for note in made.notes)


def test_what_the_initial_sync_deletes_is_said() -> None:
    [note, _] = plan(with_spare(calm())).notes
    assert "deletes whatever the data directory of db4 holds" in note
    assert "reckoned to take 9 min" in note


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"oplog_full_s": 600.0}, "the oplog outlasts the copy: reaches back 10 min when it is full / at least 17 min"),
        ({"oplog_full_s": None}, "the oplog outlasts the copy: not known of every member"),
        (
            {"health": Health.UNKNOWN, "reason": "no answer"},
            "db3 answers and is PRIMARY or SECONDARY or ARBITER: unknown",
        ),
        ({"state": MemberState.RECOVERING}, "db3 answers and is PRIMARY or SECONDARY or ARBITER: up, RECOVERING"),
        ({"age_s": 6.0}, "db3 answers and is PRIMARY or SECONDARY or ARBITER: up, SECONDARY, seen 6.0 s ago"),
        ({"newly_added": True}, "no other member is joining: the vote of db3 does not count yet"),
        ({"config_version": 2}, "every member that answers holds the current configuration: db3 holds 2"),
        ({"process_id": ""}, "not known of db3 / a process of its own"),
    ],
)
def test_a_set_that_is_not_whole_takes_nobody(changes: dict[str, Any], words: str) -> None:
    assert words in refusal(plan(with_spare(with_member(calm(), "db3", **changes))))


def test_data_whose_size_is_not_known_is_not_copied() -> None:
    blind = calm()
    for name in ("db1", "db2", "db3"):
        blind = with_member(blind, name, data_bytes=None)
    assert "the size of the data is not known" in refusal(plan(with_spare(blind)))


@pytest.mark.parametrize("snapshot", [primary_lost(), unknown()])
def test_without_a_primary_nobody_joins(snapshot: Snapshot) -> None:
    assert "there is one Primary: nobody takes writes" in refusal(plan(with_spare(snapshot)))


def test_credentials_that_may_not_are_a_refusal() -> None:
    was = with_spare(calm())
    poor = replace(was, replica_set=replace(was.replica_set, operable=False))
    assert "the operator's credentials may change the replica set: no" in refusal(plan(poor))


def test_an_address_that_only_the_console_knows_must_stand_in_the_cluster_file_first() -> None:
    with pytest.raises(PlanError, match=r"no spare member '10.0.2.99:27017'; there are: db4.*spare = true"):
        plan(with_spare(calm()), "10.0.2.99:27017")
    with pytest.raises(PlanError, match="did you mean 'db4'"):
        plan(with_spare(calm()), "dbb4")


def test_a_member_is_not_added_again() -> None:
    with pytest.raises(PlanError, match="db2 is a member of the set already; spare members are: db4"):
        plan(with_spare(calm()), "db2")


def test_a_line_that_another_changed_is_another_fingerprint_and_a_new_version_alone_is_not() -> None:
    was = with_spare(calm())
    bumped = replace(was, replica_set=replace(was.replica_set, config_version=4))
    assert plan(was).fingerprint == plan(bumped).fingerprint
    other = with_spare(with_member(calm(), "db3", priority=2.0))
    assert "10.0.2.13:27017 in the configuration was votes 1 priority 1 _id=2, is votes 1 priority 2" in plan(
        was
    ).difference(plan(other))
