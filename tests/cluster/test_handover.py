"""The time without a Primary, as it is heard from the members."""

from datetime import UTC, datetime

import pytest

from console.cluster.changes import changes
from console.cluster.layout import Layout
from console.cluster.merge import Board
from console.cluster.snapshot import Health, Member, MemberState, Snapshot
from console.cluster.views import MemberConfig, MemberView

AT = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
CONFIG = tuple(MemberConfig(address=f"db{number}:27017", priority=1.0) for number in (1, 2, 3))


def said(member: str, term: int, *, leads: bool = False, health: Health = Health.UP) -> MemberView:
    address = f"{member}:27017"
    state = MemberState.PRIMARY if leads else MemberState.SECONDARY
    itself = Member(name="", address=address, state=state, health=health, writable=leads, term=term)
    return MemberView(address=address, itself=itself, set_name="rs0", config=CONFIG, config_version=1)


class Heard:
    """A board that was told of db1 as Primary in term 1."""

    def __init__(self) -> None:
        self._board = Board(Layout(cluster="c"))
        for member in ("db1", "db2", "db3"):
            self.hear(0.0, said(member, 1, leads=member == "db1"))

    def hear(self, at_s: float, view: MemberView) -> Snapshot:
        self._board.put(view, at_s)
        return self._board.snapshot(at_s, AT)

    def gap_s(self, at_s: float, view: MemberView) -> float | None:
        return self.hear(at_s, view).replica_set.gap_s


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_of_a_primary_that_was_there_before_we_looked_no_gap_is_told(heard: Heard) -> None:
    assert heard.gap_s(1.0, said("db2", 1)) is None


def test_the_gap_lies_between_the_last_word_of_the_old_primary_and_the_first_of_the_new(heard: Heard) -> None:
    heard.hear(5.0, said("db1", 1))
    assert heard.gap_s(5.024, said("db2", 2, leads=True)) == pytest.approx(0.024)
    assert heard.gap_s(9.0, said("db3", 2)) == pytest.approx(0.024)


def test_while_nobody_leads_no_gap_is_told(heard: Heard) -> None:
    assert heard.gap_s(5.0, said("db1", 1)) is None


def test_a_primary_that_does_not_answer_any_more_has_stopped_leading(heard: Heard) -> None:
    heard.hear(5.0, said("db1", 1, health=Health.DOWN))
    assert heard.gap_s(11.0, said("db3", 2, leads=True)) == pytest.approx(6.0)


def test_a_new_primary_that_is_heard_of_before_the_old_one_gives_up_leaves_no_gap(heard: Heard) -> None:
    heard.hear(5.0, said("db2", 2, leads=True))
    assert heard.gap_s(5.01, said("db1", 2)) == 0.0


def test_each_handover_has_its_own_gap(heard: Heard) -> None:
    heard.hear(5.0, said("db1", 1))
    heard.hear(5.5, said("db2", 2, leads=True))
    heard.hear(8.0, said("db2", 2))
    assert heard.gap_s(8.25, said("db1", 3, leads=True)) == pytest.approx(0.25)


def test_the_event_of_a_new_primary_names_the_gap(heard: Heard) -> None:
    before = heard.hear(5.0, said("db1", 1))
    after = heard.hear(5.024, said("db2", 2, leads=True))
    [told] = [change for change in changes(before, after) if change.kind == "primary"]
    assert told.says == "db2:27017 is Primary in term 2; no Primary for 24 ms as seen from here"
