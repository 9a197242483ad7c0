"""A sample of `make model`: the program's plans and what-ifs against the reference model."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.drive import Counts, ask_all, ask_one
from tests.model.pictures import picture
from tests.model.questions import QUESTIONS, Question
from tests.model.states import FULL, KINDS, M, State, drawn, pools, sets

LOST = M(up=False, votes=True, priority=True, newest=False)


def agreed(counts: Counts) -> bool:
    assert counts
    for name, count in counts.items():
        assert (count.unsafe, count.needless) == (0, 0), f"{name}: {count.first}"
    return True


def asked(name: str) -> Question:
    return next(question for question in QUESTIONS if question.name == name)


def test_every_set_of_up_to_two_members() -> None:
    counts: Counts = {}
    for state, stands_for in sets(2):
        ask_all(state, stands_for, counts)
    assert agreed(counts)


def test_every_pool_of_one_server_and_a_part_of_those_of_two() -> None:
    counts: Counts = {}
    for number, (state, stands_for) in enumerate(pools(2)):
        if number < 48 or number % 12 == 0:
            ask_all(state, stands_for, counts)
    assert agreed(counts)


def test_random_larger_clusters() -> None:
    counts: Counts = {}
    for number in range(150):
        dice = random.Random(f"suite/{number}")
        ask_one(drawn(dice), dice, counts)
    assert agreed(counts)


@settings(max_examples=60, deadline=None)
@given(
    members=st.lists(st.sampled_from(KINDS), min_size=3, max_size=7).map(tuple),
    leads=st.integers(min_value=0, max_value=6),
)
def test_sets_of_any_order(members: tuple[M, ...], leads: int) -> None:
    able = [number for number, member in enumerate(members) if member == FULL]
    state = State(members=members, primaries=(able[leads % len(able)],) if able else ())
    counts: Counts = {}
    ask_all(state, 1, counts)
    assert agreed(counts)


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_the_classes_stand_for_all_states(most: int) -> None:
    whole = [orders for state, orders in sets(most) if state.primaries or FULL not in state.members]
    assert sum(whole) == sum(16**count for count in range(1, most + 1))


def test_the_reference_and_the_program_can_disagree() -> None:
    """The comparison is not blind: a state that is told wrongly to the program is found."""
    three = State(members=(FULL, FULL, LOST), primaries=(0,))
    told = picture(State(members=(FULL, FULL, FULL), primaries=(0,)))
    answer = asked("what if: a member is lost").ask(three, told, 1)
    assert (answer.unsafe, answer.needless) == (True, False)
    answer = asked("step-down").ask(State(members=(FULL, LOST, LOST), primaries=(0,)), told, 0)
    assert (answer.unsafe, answer.needless) == (True, False)
    answer = asked("step-down").ask(three, picture(State(members=(FULL, LOST, LOST), primaries=(0,))), 0)
    assert (answer.unsafe, answer.needless) == (False, True)
