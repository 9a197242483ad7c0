"""What each failure domain would cost, and who contradicts whom."""

from dataclasses import replace

from console.cluster.snapshot import Admin, Health, MemberState, Snapshot
from console.cluster.topology import (
    domains,
    in_domains,
    member_contradiction,
    sends_to,
    server_contradiction,
    sync_source,
)
from tests.cluster.pictures import (
    calm,
    empty,
    primary_lost,
    unknown,
    with_balancer,
    with_member,
    with_pools,
    with_server,
)


def of_server(snapshot: Snapshot, name: str) -> str:
    server = snapshot.app_server(name)
    assert server
    return server_contradiction(snapshot, server)


def of_member(snapshot: Snapshot, name: str) -> str:
    member = snapshot.member(name)
    assert member
    return member_contradiction(snapshot, member)


def test_a_calm_cluster_outlives_each_of_its_domains() -> None:
    first, second, third = domains(calm())
    assert (first.balancers, first.app_servers, first.members) == (("lb1",), ("app1",), ("db1",))
    assert first.says == "service and writes go on: 2 of 3 serve, 2 of 3 votes, 2 needed"
    assert [domain.outlasted for domain in (first, second, third)] == [True, True, True]


def test_the_domain_of_the_only_balancer_stops_service_and_no_writes() -> None:
    snapshot = replace(calm(), balancers=calm().balancers[:1])
    for server in snapshot.app_servers:
        pools = tuple(pool for pool in server.pools if pool.balancer == "lb1")
        snapshot = with_server(snapshot, server.name, pools=pools)
    first, *_ = domains(snapshot)
    assert (first.service, first.writes, first.outlasted) == (False, True, False)
    assert first.says.startswith("service stops: 0 of 3 serve")


def test_after_the_primary_is_lost_no_further_domain_with_a_member_is_outlived() -> None:
    lost = {domain.name: domain for domain in domains(primary_lost())}
    assert lost["rack-a"].writes is True  # what stands there is lost already
    assert lost["rack-b"].writes is False
    assert lost["rack-b"].says == "writes stop: 2 of 3 serve, 1 of 3 votes, 2 needed"


def test_of_what_is_not_known_to_stand_nothing_is_claimed() -> None:
    for domain in domains(unknown()):
        assert (domain.service, domain.writes, domain.outlasted) == (None, None, None)
        assert domain.says.startswith("not known to stand even now")
    assert domains(empty()) == ()


def test_what_has_no_domain_stands_last_and_is_not_lost_together() -> None:
    snapshot = with_server(calm(), "app1", domain="")
    *_, last = domains(snapshot)
    assert (last.name, last.app_servers) == ("", ("app1",))
    assert last.outlasted is None
    assert [server.name for server in in_domains(snapshot.app_servers)] == ["app2", "app3", "app1"]


def test_a_balancer_sends_to_the_servers_that_are_well() -> None:
    snapshot = with_server(calm(), "app3", health=Health.DOWN, reason="no answer")
    lb1 = snapshot.balancer("lb1")
    assert lb1
    assert sends_to(snapshot, lb1) == (2, 3)
    left = with_pools(snapshot, "app1", balancer="lb1", admin=Admin.MAINT)
    assert sends_to(left, lb1) == (1, 3)


def test_nobody_differs_on_a_calm_cluster() -> None:
    snapshot = calm()
    assert not any(of_server(snapshot, server.name) for server in snapshot.app_servers)
    assert not any(of_member(snapshot, member.name) for member in snapshot.replica_set.members)


def test_a_check_that_says_the_contrary_of_the_health_is_told_by_its_balancer() -> None:
    assert of_server(with_pools(calm(), "app2", balancer="lb1", check=Health.DOWN), "app2") == (
        "lb1 says DOWN, health says UP"
    )
    down = with_server(calm(), "app2", health=Health.DOWN, reason="HTTP 500")
    assert of_server(down, "app2") == "lb1 and lb2 say UP, health says DOWN"


def test_balancers_that_are_out_of_step_differ() -> None:
    split = with_pools(calm(), "app2", balancer="lb1", backend="app", admin=Admin.DRAIN)
    assert of_server(split, "app2") == "in app: lb1 drain, lb2 ready"


def test_a_server_that_has_no_database_differs_from_a_set_with_a_primary() -> None:
    without = with_server(calm(), "app2", database=Health.DOWN)
    assert of_server(without, "app2") == "it says that its database fails, the set has a Primary"
    assert not of_server(replace(without, replica_set=primary_lost().replica_set), "app2")


def test_a_member_that_its_peers_do_not_see_as_we_do_is_told() -> None:
    db2 = calm().member("db2")
    assert db2
    seen = tuple((peer, replace(view, health=Health.DOWN, state=MemberState.DOWN)) for peer, view in db2.seen_by[:1])
    assert of_member(with_member(calm(), "db2", seen_by=seen), "db2") == "db1 sees DOWN, it says SECONDARY"
    unseen = with_member(calm(), "db2", health=Health.DOWN, state=MemberState.DOWN)
    assert of_member(unseen, "db2") == (
        "db1 sees SECONDARY, it does not answer here; db3 sees SECONDARY, it does not answer here"
    )


def test_a_member_that_takes_another_for_the_primary_is_told() -> None:
    snapshot = with_member(calm(), "db2", believes_primary="10.0.2.13:27017")
    assert of_member(snapshot, "db2") == "it takes db3 for the Primary, db1 leads"


def test_whom_a_member_copies_from_is_told_by_name() -> None:
    snapshot = with_balancer(calm(), "lb1", health=Health.DOWN)
    db1, db2, _ = snapshot.replica_set.members
    assert (sync_source(snapshot, db1), sync_source(snapshot, db2)) == ("", "db1")
