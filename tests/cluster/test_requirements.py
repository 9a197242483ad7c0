from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cluster.requirements import check
from console.cluster.snapshot import MemberState, Snapshot
from tests.cluster.pictures import calm, empty, with_member, with_members, with_node, with_pools, with_server


def one_balancer() -> Snapshot:
    return replace(calm(), balancers=calm().balancers[:1])


def four_members() -> Snapshot:
    members = calm().replica_set.members
    fourth = replace(members[2], name="db4", address="10.0.2.14:27017", domain="rack-d")
    return with_members(calm(), *members, fourth)


def one_rack() -> Snapshot:
    snapshot = calm()
    for server in ("app1", "app2", "app3"):
        snapshot = with_server(snapshot, server, domain="rack-a")
    return snapshot


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (
            replace(calm(), app_servers=calm().app_servers[:1]),
            [("requires-app-servers", "1 application servers stand behind a balancer; 2 are needed to lose one.")],
        ),
        (
            one_balancer(),
            [
                (
                    "requires-balancers",
                    "There are 1 balancers and 2 are needed: one alone is a single point of failure.",
                )
            ],
        ),
        (
            with_member(calm(), "db3", arbiter=True, state=MemberState.ARBITER),
            [
                ("requires-no-arbiter", "db3 is an arbiter: it votes and holds no data. Use a full member."),
                (
                    "requires-members",
                    "2 voting members hold the data; 3 are needed to lose one and keep a majority.",
                ),
            ],
        ),
        (
            four_members(),
            [
                (
                    "requires-odd-votes",
                    "There are 4 votes, an even number: a split into halves leaves no side with a majority.",
                )
            ],
        ),
        (
            with_node(calm(), "db2", domain=""),
            [
                (
                    "requires-domains",
                    "No failure domain is declared for db2: whether they fail together is not known.",
                )
            ],
        ),
        (
            with_member(calm(), "db2", domain="rack-a"),
            [
                (
                    "requires-domain-loss",
                    "Without rack-a (db1 and db2) 1 of 3 votes are left and 2 are needed: writes would stop.",
                ),
                ("requires-separate-domains", "db1 and db2 are all in rack-a: they may fail together."),
            ],
        ),
        (
            one_rack(),
            [
                (
                    "requires-separate-domains",
                    "All application servers are in rack-a: they may fail together.",
                )
            ],
        ),
        (
            with_pools(calm(), "app1", backend="web", checked=False),
            [("requires-health-check", "app1 has no health check in web on lb1 and web on lb2.")],
        ),
        (
            with_pools(calm(), "app1", balancer="lb1", backend="web", check_reads_body=False),
            [
                (
                    "requires-check-of-body",
                    "The health check of app1 in web on lb1 looks at the status code only, "
                    "which may be 200 while the database does not answer.",
                )
            ],
        ),
        (
            with_pools(calm(), "app1", balancer="lb1", backend="web", check_reads_body=None),
            [
                (
                    "requires-check-of-body",
                    "Whether the health check of app1 in web on lb1 reads the body cannot be seen.",
                )
            ],
        ),
    ],
)
def test_what_is_missing_is_named_with_its_numbers(snapshot: Snapshot, expected: list[tuple[str, str]]) -> None:
    assert [(finding.code, finding.says) for finding in check(snapshot)] == expected


def test_the_calm_cluster_meets_every_requirement() -> None:
    assert check(calm()) == ()


def test_an_empty_cluster_file_lacks_every_tier() -> None:
    assert [finding.code for finding in check(empty())] == [
        "requires-app-servers",
        "requires-balancers",
        "requires-members",
    ]


@given(st.lists(st.sampled_from(["rack-a", "rack-b", "rack-c"]), min_size=1, max_size=7))
def test_a_majority_survives_any_domain_exactly_when_nothing_is_said(domains: list[str]) -> None:
    model = calm().replica_set.members[1]
    members = (replace(model, name=f"m{n}", domain=domain) for n, domain in enumerate(domains))
    snapshot = with_members(calm(), *members)
    fatal = {d for d in domains if len(domains) - domains.count(d) < len(domains) // 2 + 1}
    assert {f.subject for f in check(snapshot) if f.code == "requires-domain-loss"} == fatal
