from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cluster.snapshot import Admin, Health, Member, MemberState, Snapshot, Tolerates
from console.cluster.standing import standing, tolerates
from console.cluster.whatif import without_member, without_server
from tests.cluster.pictures import calm, draining, empty, unknown, with_balancer, with_members, with_pools, with_server

QUORUM = {1: (1, 0), 2: (2, 0), 3: (2, 1), 4: (3, 1), 5: (3, 2), 6: (4, 2), 7: (4, 3)}


def members(count: int, arbiters: int = 0) -> tuple[Member, ...]:
    first = calm().replica_set.members[0]
    second = calm().replica_set.members[1]
    full = [replace(second if n else first, name=f"m{n}", address=f"m{n}:27017") for n in range(count)]
    arbiter = replace(second, arbiter=True, state=MemberState.ARBITER, priority=0.0, lag_s=None)
    return (*full, *(replace(arbiter, name=f"a{n}", address=f"a{n}:27017") for n in range(arbiters)))


@pytest.mark.parametrize("voters", QUORUM)
def test_the_quorum_table_of_the_manual_holds(voters: int) -> None:
    snapshot = with_members(calm(), *members(voters))
    assert (snapshot.replica_set.majority, snapshot.tolerates.members) == QUORUM[voters]


def test_two_data_members_and_an_arbiter_tolerate_no_loss_because_majority_writes_would_stall() -> None:
    assert with_members(calm(), *members(2, arbiters=1)).tolerates.members == 0


def test_a_set_without_votes_tolerates_nothing() -> None:
    nobody = (replace(member, votes=0, priority=0.0) for member in members(3))
    assert with_members(calm(), *nobody).tolerates.members == 0


@pytest.mark.parametrize("snapshot", [empty(), unknown()])
def test_what_is_unknown_tolerates_nothing(snapshot: Snapshot) -> None:
    assert snapshot.tolerates == Tolerates()


def test_a_drained_server_does_not_count() -> None:
    assert draining().tolerates == Tolerates(app_servers=1, members=1)


def test_a_server_counts_only_by_its_own_word_and_the_balancers() -> None:
    assert with_server(calm(), "app1", health=Health.UNKNOWN).tolerates.app_servers == 1
    assert with_pools(calm(), "app1", balancer="lb2", backend="web", check=Health.DOWN).tolerates.app_servers == 1
    assert with_pools(calm(), "app1", weight=0).tolerates.app_servers == 1


def test_a_balancer_that_does_not_answer_is_not_counted() -> None:
    lost = with_balancer(calm(), "lb2", health=Health.DOWN)
    for server in ("app1", "app2", "app3"):
        lost = with_pools(lost, server, balancer="lb2", check=Health.UNKNOWN, known=False)
    assert lost.tolerates.app_servers == 2


def test_capacity_is_the_share_of_weight_in_the_poorest_backend() -> None:
    heavy = with_pools(with_pools(calm(), "app1", weight=200), "app1", "lb1", "web", admin=Admin.MAINT)
    assert standing(heavy).capacity == 0.5


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Health.UP, Health.DOWN, Health.UNKNOWN]),
            st.sampled_from([MemberState.SECONDARY, MemberState.RECOVERING, MemberState.STARTUP2]),
            st.integers(0, 1),
            st.sampled_from([0.0, 1.0]),
            st.sampled_from([None, 0.0, 30.0]),
        ),
        max_size=6,
    )
)
def test_as_many_members_as_are_tolerated_can_be_lost_in_any_order(
    others: list[tuple[Health, MemberState, int, float, float | None]],
) -> None:
    primary, model = calm().replica_set.members[:2]
    rest = (
        replace(model, name=f"m{n}", health=health, state=state, votes=votes, priority=priority, lag_s=lag_s)
        for n, (health, state, votes, priority, lag_s) in enumerate(others)
    )
    snapshot = with_members(calm(), primary, *rest)
    for _ in range(snapshot.tolerates.members):
        up = [m for m in snapshot.replica_set.members if m.up and m.voting]
        worst = min(up, key=lambda m: tolerates(without_member(snapshot, m.name)).members)
        snapshot = without_member(snapshot, worst.name)
        assert standing(snapshot).writes_stand
        assert standing(snapshot).writable


@given(st.lists(st.tuples(st.sampled_from(list(Health)), st.sampled_from(list(Admin))), min_size=3, max_size=3))
def test_as_many_servers_as_are_tolerated_can_be_lost_and_service_goes_on(states: list[tuple[Health, Admin]]) -> None:
    snapshot = calm()
    for name, (health, admin) in zip(("app1", "app2", "app3"), states, strict=True):
        snapshot = with_pools(with_server(snapshot, name, health=health), name, admin=admin)
    serving = [server.name for server in snapshot.app_servers if server.serving]
    for name in serving[: snapshot.tolerates.app_servers]:
        snapshot = without_server(snapshot, name)
    assert snapshot.tolerates.app_servers >= 0
    assert standing(snapshot).serving >= bool(serving)
