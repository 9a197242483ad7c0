"""Lines of a configuration: how they differ, and how one change is taken back without another's."""

from dataclasses import replace

import pytest

from console.cluster.configuration import Lines, configuration, difference, mended, moved
from console.cluster.views import MemberConfig
from tests.cluster.pictures import calm, with_member

A, B, C = (MemberConfig(address=name, options=(f"_id={number}",)) for number, name in enumerate("abc"))
NEW = MemberConfig(address="d", votes=0, priority=0.0)
ABC: Lines = (A, B, C)


def test_who_stands_in_no_configuration_has_no_line() -> None:
    assert [line.address for line in configuration(calm().replica_set)] == [f"10.0.2.1{n}:27017" for n in (1, 2, 3)]
    assert len(configuration(with_member(calm(), "db3", configured=False).replica_set)) == 2


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ABC, ""),
        ((C, B, A), ""),
        ((A, B, replace(C, newly_added=True)), ""),
        ((A, B), "c is missing"),
        ((*ABC, NEW), "d is there too"),
        ((A, B, replace(C, votes=0, priority=0.0)), "c has votes 0 instead of 1, priority 0 instead of 1"),
        ((A, replace(B, options=("_id=1", 'tags.dc="x"')), C), 'b has options _id=1 tags.dc="x" instead of _id=1'),
    ],
)
def test_a_difference_is_told_in_words_and_the_servers_own_marks_are_none(found: Lines, words: str) -> None:
    assert difference(ABC, found) == words


def test_what_a_new_line_will_say_else_is_not_known_and_not_compared() -> None:
    assert difference((*ABC, NEW), (*ABC, replace(NEW, options=("_id=3",)))) == ""


def test_a_change_is_taken_back_and_anothers_stays() -> None:
    joined = replace(NEW, options=("_id=3",))
    theirs = replace(A, priority=3.0)
    assert moved((*ABC, NEW), ABC) == ("d",)
    assert mended((*ABC, NEW), ABC, (theirs, B, C, joined)) == (theirs, B, C)
    assert mended((A, B), ABC, (theirs, B)) == (theirs, B, C)


def test_what_is_not_ours_any_more_is_left_alone() -> None:
    raised = replace(B, priority=2.0)
    theirs = replace(B, priority=5.0)
    assert mended((A, raised, C), ABC, (A, theirs, C)) == (A, theirs, C)
    assert mended((*ABC, NEW), ABC, ABC) == ABC
