"""The lease and the holds in the picture: what is old is not shown as fresh, and a lease ends by its time."""

from dataclasses import replace
from datetime import UTC, datetime

from console.cluster.changes import changes
from console.cluster.elections import Elections
from console.cluster.layout import Layout
from console.cluster.merge import Board
from console.cluster.snapshot import Admin, Health, Hold, Lease, Member, SetChange, Snapshot
from console.cluster.views import LeaseView, MemberView

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LEASE = Lease(owner="ann@one", run="aaaa", says="Drain app2", reason="kernel", fence=3, left_s=8.0)
HOLD = Hold(target="app2", admin=Admin.DRAIN, owner="ann@one", reason="kernel", since=AT, until=None)
CHANGE = SetChange(what="step-down db1", by="ann@one", run="aaaa", at=AT, finished=True, ago_s=30.0)
VIEW = LeaseView(health=Health.UP, lease=LEASE, holds=(HOLD,), set_change=CHANGE)


def board(*views: tuple[LeaseView, float]) -> Board:
    made = Board(Layout(cluster="prod"))
    for view, at_s in views:
        made.put(view, at_s)
    return made


def test_what_the_set_keeps_stands_in_the_picture_as_old_as_it_is() -> None:
    snapshot = board((VIEW, 100.0)).snapshot(102.0, AT)
    assert snapshot.lease
    assert (snapshot.lease.owner, snapshot.lease.left_s) == ("ann@one", 6.0)
    assert (snapshot.lease_reason, snapshot.holds) == ("", (HOLD,))
    assert snapshot.set_change
    assert snapshot.set_change.ago_s == 32.0


def test_a_lease_whose_time_is_over_is_nobodys() -> None:
    assert board((VIEW, 100.0)).snapshot(108.5, AT).lease is None


def test_a_lease_that_cannot_be_read_is_unknown_and_says_why_while_holds_stay_known() -> None:
    lost = LeaseView(health=Health.UNKNOWN, reason="no member takes writes")
    snapshot = board((VIEW, 100.0), (lost, 101.0)).snapshot(101.0, AT)
    assert (snapshot.lease, snapshot.lease_reason) == (None, "no member takes writes")
    assert snapshot.holds == (HOLD,)


def test_a_lease_that_was_read_long_ago_is_unknown() -> None:
    old = replace(VIEW, lease=replace(LEASE, left_s=60.0))
    snapshot = board((old, 100.0)).snapshot(115.0, AT)
    assert (snapshot.lease, snapshot.lease_reason) == (None, "last seen 15 s ago")


def test_a_cluster_without_a_lease_says_nothing_of_it() -> None:
    snapshot = board().snapshot(100.0, AT)
    assert (snapshot.lease, snapshot.lease_reason, snapshot.holds) == (None, "", ())


def test_the_words_of_other_consoles_are_made_safe_to_show() -> None:
    evil = replace(VIEW, lease=replace(LEASE, says="\x1b]52;c;eA==\x07"))
    lease = board((evil, 100.0)).snapshot(100.0, AT).lease
    assert lease
    assert "\x1b" not in lease.says


def test_what_another_console_does_is_an_event_at_each_new_word_and_our_own_is_none() -> None:
    before = Snapshot(cluster="prod", at=AT)
    begun = replace(before, lease=LEASE)
    on = replace(before, lease=replace(LEASE, says="Drain app2: 3 sessions left"))
    assert [c.says for c in changes(before, begun)] == ["ann@one: Drain app2"]
    assert [c.says for c in changes(begun, on)] == ["ann@one: Drain app2: 3 sessions left"]
    assert [c.says for c in changes(on, before)] == ["ann@one no longer has the lease (run aaaa)"]
    assert changes(begun, replace(before, lease=replace(LEASE, left_s=3.0))) == ()
    assert changes(before, replace(before, lease=replace(LEASE, ours=True))) == ()


def test_a_hold_is_an_event_when_it_begins_changes_and_ends() -> None:
    before = Snapshot(cluster="prod", at=AT)
    held = replace(before, holds=(HOLD,))
    maint = replace(before, holds=(replace(HOLD, admin=Admin.MAINT),))
    assert [(c.kind, c.before, c.after) for c in changes(before, held)] == [("hold", None, "drain")]
    assert [(c.before, c.after) for c in changes(held, maint)] == [("drain", "maint")]
    assert [c.says for c in changes(maint, before)] == ["app2 is no longer held out"]


def test_elections_are_counted_by_their_terms_for_a_minute() -> None:
    elections = Elections()
    for term, at_s in ((7, 0.0), (7, 1.0), (8, 10.0), (8, 11.0), (7, 12.0), (10, 20.0), (None, 21.0)):
        elections.note(term, at_s)
    assert [elections.lately(now_s) for now_s in (25.0, 75.0, 90.0)] == [3, 2, 0]


def test_the_picture_tells_how_often_the_set_has_elected() -> None:
    made = board()
    for term, at_s in ((3, 0.0), (4, 5.0), (6, 9.0)):
        itself = Member(name="", address="db1:27017", health=Health.UP, term=term)
        made.put(MemberView(address="db1:27017", itself=itself), at_s)
    assert made.snapshot(10.0, AT).replica_set.elections_last_minute == 3
