from dataclasses import replace
from typing import Any

from console.cluster.layout import Layout, NodeLine
from console.cluster.merge import Board
from console.cluster.snapshot import Health, Member, MemberState, PeerView, ReplicaSet
from console.cluster.views import MemberConfig, MemberView
from tests.cluster.pictures import AT

NODES = tuple(NodeLine(name=f"db{n}", address=f"10.0.2.1{n}", domain=f"rack-{n}", roles=("member",)) for n in (1, 2, 3))


def at(number: int) -> str:
    return f"10.0.2.1{number}:27017"


CONFIG = tuple(MemberConfig(address=at(number)) for number in (1, 2, 3))


def peer(number: int, state: MemberState, lag_s: float | None, health: Health = Health.UP) -> PeerView:
    return PeerView(address=at(number), state=state, health=health, lag_s=lag_s, heartbeat_age_s=1.0)


PEERS = (
    peer(1, MemberState.PRIMARY, 0.0),
    peer(2, MemberState.SECONDARY, 2.0),
    peer(3, MemberState.SECONDARY, 3.0),
)


def view(number: int, primary: int | None = 1, **changes: Any) -> MemberView:
    leads = number == primary
    itself = Member(
        name=at(number),
        address=at(number),
        state=MemberState.PRIMARY if leads else MemberState.SECONDARY,
        health=Health.UP,
        term=7,
        writable=leads,
        believes_primary=at(primary) if primary else None,
        lag_s=99.0,
    )
    own = {key: changes.pop(key) for key in tuple(changes) if key in ("term", "state")}
    whole = MemberView(
        address=at(number),
        itself=replace(itself, **own),
        set_name="rs0",
        peers=PEERS,
        config=CONFIG,
        config_version=3,
        operable=leads,
    )
    return replace(whole, **changes)


def silent(number: int, health: Health, reason: str) -> MemberView:
    return MemberView(address=at(number), itself=Member(name="", address=at(number), health=health, reason=reason))


def merged(*views: MemberView, now_s: float = 0.0, nodes: tuple[NodeLine, ...] = NODES) -> ReplicaSet:
    board = Board(Layout(cluster="small", nodes=nodes))
    for order, one in enumerate(views):
        board.put(one, order * 0.001)
    return board.snapshot(now_s, AT).replica_set


def test_a_whole_set_is_named_counted_and_measured_by_its_primary() -> None:
    found = merged(view(1), view(2, peers=()), view(3, peers=()))
    assert (found.name, found.term, found.config_version, found.votes, found.majority) == ("rs0", 7, 3, 3, 2)
    assert [(m.name, m.domain, m.state, m.votes, m.lag_s) for m in found.members] == [
        ("db1", "rack-1", MemberState.PRIMARY, 1, 0.0),
        ("db2", "rack-2", MemberState.SECONDARY, 1, 2.0),
        ("db3", "rack-3", MemberState.SECONDARY, 1, 3.0),
    ]
    assert found.primary is found.members[0]
    assert found.operable is True


def test_peers_alone_never_make_a_member_healthy() -> None:
    found = merged(view(1), view(2), silent(3, Health.UNKNOWN, "no route")).members[2]
    assert (found.state, found.health, found.reason, found.up) == (
        MemberState.UNKNOWN,
        Health.UNKNOWN,
        "no route",
        False,
    )
    assert [(name, seen.state) for name, seen in found.seen_by] == [
        ("db1", MemberState.SECONDARY),
        ("db2", MemberState.SECONDARY),
    ]


def test_a_member_that_refuses_is_down_and_has_no_lag_when_the_primary_lost_it_too() -> None:
    lost = (*PEERS[:2], peer(3, MemberState.DOWN, 55.0, Health.DOWN))
    found = merged(view(1, peers=lost), view(2), silent(3, Health.DOWN, "connection refused")).members[2]
    assert (found.state, found.health, found.lag_s, found.votes) == (MemberState.DOWN, Health.DOWN, None, 1)


def test_a_member_of_the_configuration_that_was_never_asked_is_unknown() -> None:
    found = merged(view(1), nodes=()).members[1]
    assert (found.name, found.health, found.reason) == (at(2), Health.UNKNOWN, "not looked at yet")


def test_a_member_of_the_cluster_file_outside_the_configuration_is_shown_without_a_vote() -> None:
    extra = NodeLine(name="db4", address="10.0.2.14", roles=("member",), port=27018)
    found = merged(view(1), nodes=(*NODES, extra))
    assert found.votes == 3
    assert [(m.name, m.address, m.votes) for m in found.members[3:]] == [("db4", "10.0.2.14:27018", 0)]


def test_the_primary_holds_the_configuration_that_counts() -> None:
    longer = (*CONFIG, MemberConfig(address=at(4), newly_added=True))
    found = merged(view(1, config=longer, config_version=4), view(2), view(3, config_version=9))
    assert (found.config_version, len(found.members), found.votes) == (4, 4, 3)


def test_without_a_primary_the_newest_configuration_counts_and_lag_is_measured_all_the_same() -> None:
    found = merged(view(2, None, config_version=5), view(3, None, config=CONFIG[:2]))
    assert (found.config_version, found.primary, found.votes) == (5, None, 3)
    assert [m.lag_s for m in found.members] == [0.0, 2.0, 3.0]


def test_of_two_primaries_both_are_kept_and_the_higher_term_leads() -> None:
    found = merged(view(1, term=7), view(2, 2, term=8), view(3, 2, term=8))
    assert [m.name for m in found.members if m.writable] == ["db1", "db2"]
    assert found.primary is not None
    assert (found.primary.name, found.term) == ("db2", 8)


def test_an_old_view_keeps_the_votes_and_nothing_else() -> None:
    found = merged(view(1), view(2), view(3), now_s=12.0)
    assert (found.votes, found.majority, found.voters_up, found.primary, found.term) == (3, 2, 0, None, None)
    assert {(m.state, m.reason, m.lag_s) for m in found.members} == {(MemberState.UNKNOWN, "last seen 12 s ago", None)}


def test_a_set_in_which_every_member_fails_keeps_its_votes() -> None:
    found = merged(*map(view, (1, 2, 3)), *(silent(n, Health.DOWN, "connection refused") for n in (1, 2, 3)))
    assert (found.name, found.votes, found.voters_up) == ("rs0", 3, 0)
    assert {m.state for m in found.members} == {MemberState.DOWN}


def test_a_member_reached_by_an_alias_is_one_member() -> None:
    found = merged(replace(view(1), address="localhost:27017"), view(2), view(3))
    assert [(m.name, m.health) for m in found.members] == [("db1", Health.UP), ("db2", Health.UP), ("db3", Health.UP)]


def test_no_members_at_all_are_no_set() -> None:
    assert merged(nodes=()) == ReplicaSet()
