from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from console.cluster.diagnoses import DIAGNOSES, diagnose
from console.cluster.merge import judged
from console.cluster.snapshot import (
    Admin,
    Approval,
    Health,
    Hold,
    MemberState,
    PeerView,
    Severity,
    Snapshot,
    SyncProgress,
)
from tests.cluster.pictures import (
    AT,
    calm,
    draining,
    empty,
    large,
    primary_lost,
    unknown,
    with_balancer,
    with_member,
    with_members,
    with_node,
    with_pools,
    with_server,
)
from tests.cluster.test_drift import DRIFT

Found = tuple[str, str, str, str]


def found(snapshot: Snapshot, code: str) -> list[Found]:
    return [(f.code, f.severity.value, f.subject, f.says) for f in snapshot.findings if f.code == code]


def seen(state: MemberState, health: Health, age_s: float = 1.0) -> tuple[tuple[str, PeerView], ...]:
    view = PeerView(address="10.0.2.13:27017", state=state, health=health, heartbeat_age_s=age_s)
    return (("db1", view), ("db2", view))


UNSEEN: dict[str, Any] = {"health": Health.UNKNOWN, "state": MemberState.UNKNOWN, "reason": "no route"}
HOLD = Hold(
    target="app2",
    admin=Admin.DRAIN,
    owner="ann@bastion1",
    reason="kernel",
    since=AT - timedelta(hours=1),
    until=AT - timedelta(minutes=1),
)
ASKED = Approval(
    id="1a2b3c4d/3/db1/1", owner="ann@bastion1", says="Restart db1", reason="kernel", since=AT - timedelta(hours=1)
)
BAD: dict[str, Any] = {"health": Health.DOWN, "reason": "mongodb: fail"}


def two_primaries() -> Snapshot:
    claim = {"state": MemberState.PRIMARY, "writable": True, "term": 8, "believes_primary": "10.0.2.12:27017"}
    return with_member(calm(), "db2", **claim)


def minority(peers_see_us: bool) -> Snapshot:
    health = Health.UP if peers_see_us else Health.DOWN
    down = {**UNSEEN, "seen_by": (("db1", PeerView(address="", state=MemberState.SECONDARY, health=health)),)}
    return with_member(with_member(calm(), "db2", **down), "db3", **down)


def arbitrated() -> Snapshot:
    return with_member(calm(), "db3", arbiter=True, state=MemberState.ARBITER, priority=0.0, lag_s=None)


def without_service() -> Snapshot:
    snapshot = with_pools(calm(), "app1", balancer="lb1", backend="web", admin=Admin.MAINT)
    return with_server(with_server(snapshot, "app2", **BAD), "app3", **BAD)


EXPECTED: list[tuple[Snapshot, Found]] = [
    (
        primary_lost(),
        (
            "no-primary",
            "critical",
            "rs0",
            "There is no Primary: nobody takes writes; 2 of 3 votes are up and an election needs 2.",
        ),
    ),
    (
        unknown(),
        (
            "primary-unknown",
            "critical",
            "rs0",
            "None of 3 members answers from here: whether there is a Primary is not known.",
        ),
    ),
    (
        two_primaries(),
        (
            "two-primaries",
            "critical",
            "rs0",
            "db1 (term 7) and db2 (term 8) each say that they take writes; db2 has the highest term and counts.",
        ),
    ),
    (
        two_primaries(),
        ("terms-differ", "warning", "rs0", "Members are in different terms: db1 and db3 7, db2 8."),
    ),
    (
        two_primaries(),
        (
            "primaries-differ",
            "warning",
            "rs0",
            "Members do not agree on the Primary: db1 and db3 say db1, db2 say db2.",
        ),
    ),
    (
        minority(peers_see_us=False),
        (
            "quorum-lost",
            "critical",
            "rs0",
            "Only 1 of 3 votes are seen from here and 2 are needed: no Primary can be elected or stay one.",
        ),
    ),
    (
        minority(peers_see_us=True),
        (
            "quorum-lost",
            "warning",
            "rs0",
            "Only 1 of 3 votes are seen from here and 2 are needed, though members see 3.",
        ),
    ),
    (
        with_member(calm(), "db3", health=Health.DOWN, state=MemberState.DOWN),
        ("no-spare-vote", "warning", "rs0", "One more loss stops writes: 2 votes are up and 2 are needed."),
    ),
    (
        arbitrated(),
        (
            "no-spare-vote",
            "warning",
            "rs0",
            "One more loss stops writes: 2 voting members hold data and a majority write needs 2.",
        ),
    ),
    (
        with_member(calm(), "db2", config_version=4),
        (
            "configs-differ",
            "warning",
            "rs0",
            "Members hold different versions of the configuration: db1 and db3 3, db2 4.",
        ),
    ),
    (
        with_member(calm(), "db2", version="7.0.1"),
        ("versions-differ", "info", "rs0", "Members run different versions: db1 and db3 6.0.5, db2 7.0.1."),
    ),
    (
        with_member(calm(), "db2", oplog_window_s=1800.0),
        (
            "oplog-window-short",
            "warning",
            "rs0",
            "The oplog of db2 reaches back 30 min (limit 1 h; a new set has a short one): "
            "a member away for longer needs a full sync.",
        ),
    ),
    (
        primary_lost(),
        ("member-down", "warning", "db1", "db1 is down: connection refused; db2 and db3 see it as DOWN."),
    ),
    (
        with_member(calm(), "db3", **UNSEEN),
        (
            "member-unreachable",
            "warning",
            "db3",
            "db3 is unreachable from here: no route; db1 and db2 still see it as SECONDARY.",
        ),
    ),
    (
        with_member(calm(), "db3", **UNSEEN, seen_by=()),
        ("member-unknown", "warning", "db3", "What db3 does is not known: no route."),
    ),
    (
        with_member(calm(), "db3", state=MemberState.RECOVERING),
        (
            "member-not-serving",
            "warning",
            "db3",
            "db3 is RECOVERING: it serves no reads and cannot be elected.",
        ),
    ),
    (
        with_member(
            calm(),
            "db3",
            state=MemberState.STARTUP2,
            progress=SyncProgress(copied_bytes=4 * 2**30, total_bytes=4 * 2**30, remaining_s=5.0),
        ),
        (
            "member-syncing",
            "info",
            "db3",
            "db3 copies the data set: 4.0 of 4.0 GiB, 99 %, about 5 s left; it does not serve yet.",
        ),
    ),
    (
        with_member(calm(), "db3", configured=False, votes=0, priority=0.0, state=MemberState.REMOVED),
        (
            "member-outside",
            "warning",
            "db3",
            "db3 runs and is in no configuration of the set (REMOVED): its data is from before. Empty its data "
            "directory and add it again with add-secondary, or stop it.",
        ),
    ),
    (
        with_member(calm(), "db3", configured=False, votes=0, state=MemberState.PRIMARY, writable=True),
        (
            "member-outside",
            "critical",
            "db3",
            "db3 takes writes outside the set's configuration: stop it now, two sets take writes.",
        ),
    ),
    (
        with_member(calm(), "db3", lag_s=42.0),
        ("member-lagging", "warning", "db3", "db3 is 42 s behind (limit 10 s)."),
    ),
    (
        with_member(calm(), "db3", seen_by=seen(MemberState.SECONDARY, Health.UP, 6.2)),
        (
            "member-silent",
            "warning",
            "db3",
            "db3 is shown as healthy, but its peers last heard from it 6.2 s ago (limit 4 s).",
        ),
    ),
    (
        with_server(calm(), "app2", **BAD),
        ("server-down", "warning", "app2", "app2 is down by its own health: mongodb: fail."),
    ),
    (
        with_server(calm(), "app2", health=Health.UNKNOWN, reason="last seen 12 s ago"),
        (
            "server-unknown",
            "warning",
            "app2",
            "How app2 is by its own health is not known: last seen 12 s ago.",
        ),
    ),
    (
        with_server(calm(), "app2", **BAD),
        ("opinions-differ", "warning", "app2", "lb1 and lb2 say UP of app2, its own health says mongodb: fail."),
    ),
    (
        with_pools(calm(), "app2", balancer="lb1", check=Health.DOWN),
        ("opinions-differ", "warning", "app2", "lb1 says DOWN of app2, its own health says up."),
    ),
    (
        with_pools(calm(), "app2", balancer="lb1", backend="app", admin=Admin.DRAIN),
        (
            "pool-split",
            "warning",
            "app2",
            "Balancers are out of step on app2 in app: lb1 drain, lb2 ready.",
        ),
    ),
    (
        draining(),
        ("server-drained", "info", "app2", "app2 is in drain on lb1 and lb2: 8 sessions left."),
    ),
    (
        with_server(calm(), "app2", pools=()),
        ("server-not-in-pool", "warning", "app2", "app2 is in no pool of lb1 and lb2."),
    ),
    (
        without_service(),
        (
            "no-serving-server",
            "critical",
            "lb1/web",
            "No server serves web on lb1 (of 3): its clients get no answer.",
        ),
    ),
    (
        without_service(),
        (
            "last-serving-server",
            "warning",
            "app1",
            "app1 alone is known to serve app on lb1, app on lb2 and web on lb2: its loss would stop service there.",
        ),
    ),
    (
        with_pools(calm(), "app2", balancer="lb2", backend="web", checked=False),
        (
            "check-missing",
            "warning",
            "app2",
            "app2 has no health check in web on lb2: it gets traffic even when dead.",
        ),
    ),
    (
        with_balancer(calm(), "lb2", health=Health.DOWN, reason="connection refused"),
        ("balancer-down", "warning", "lb2", "lb2 is down: connection refused."),
    ),
    (
        with_balancer(unknown(), "lb2", health=Health.DOWN, reason="connection refused"),
        ("balancer-down", "critical", "lb2", "lb2 is down: connection refused."),
    ),
    (
        with_balancer(calm(), "lb2", health=Health.UNKNOWN, reason="not answering"),
        ("balancer-unknown", "warning", "lb2", "What lb2 does is not known: not answering."),
    ),
    (
        with_balancer(calm(), "lb1", reloads=2),
        (
            "balancer-reloaded",
            "info",
            "lb1",
            "lb1 was reloaded or restarted 2 times since this console started to look: "
            "states set before at run time are gone.",
        ),
    ),
    (
        with_balancer(calm(), "lb1", writable=False),
        ("balancer-read-only", "info", "lb1", "lb1 lets this console look but change nothing."),
    ),
    (
        with_node(calm(), "db1", health=Health.UNKNOWN, reason="no shell"),
        ("host-unknown", "info", "db1", "The host of db1 is not known: no shell."),
    ),
    (
        with_node(calm(), "db1", health=Health.DOWN, reason="no route"),
        ("host-down", "warning", "db1", "The host of db1 is down: no route."),
    ),
    (
        with_node(calm(), "db1", disk_used_bytes=186 * 2**30),
        ("disk-nearly-full", "warning", "db1", "The disk of db1 is 93 % full: 186 of 200 GiB (limit 90 %)."),
    ),
    (
        judged(replace(with_pools(calm(), "app2", "lb1", admin=Admin.DRAIN), holds=(replace(HOLD, until=None),))),
        (
            "hold-not-kept",
            "warning",
            "app2",
            "ann@bastion1 keeps it in drain since 2026-11-23 02:00 UTC: kernel; and it is ready in app on lb2 and "
            "web on lb2. `drain app2` sets it again, `ready app2` ends it.",
        ),
    ),
    (
        judged(replace(with_pools(calm(), "app2", admin=Admin.DRAIN), holds=(HOLD,))),
        (
            "hold-expired",
            "warning",
            "app2",
            "ann@bastion1 put it into drain until 2026-11-23 02:59 UTC: kernel; make it ready or hold it anew.",
        ),
    ),
    (
        judged(replace(calm(), approvals=(ASKED, replace(ASKED, id="2b3c4d5e/1", by="bob@two", agreed=True)))),
        (
            "approval-wanted",
            "info",
            "1a2b3c4d",
            "ann@bastion1 asks another operator to agree since 2026-11-23 02:00 UTC: Restart db1 (kernel); "
            "`watchkeeper runbook approve 1a2b3c4d` agrees.",
        ),
    ),
    (
        with_node(calm(), "db1", name="d\u0432\u0031"),
        ("looks-alike", "warning", "d\u0432\u0031", r"The name 'd\u04321' may be mistaken for another."),
    ),
]


@pytest.mark.parametrize(("snapshot", "expected"), EXPECTED, ids=[f"{e[0]}-{e[1]}" for _, e in EXPECTED])
def test_a_finding_names_what_is_wrong_with_its_values(snapshot: Snapshot, expected: Found) -> None:
    assert found(snapshot, expected[0]) == [expected]


@pytest.mark.parametrize("snapshot", [calm(), large(), empty()], ids=["calm", "large", "empty"])
def test_where_nothing_is_wrong_nothing_is_found(snapshot: Snapshot) -> None:
    assert diagnose(snapshot) == ()


def test_every_diagnosis_has_its_sentence_tested() -> None:
    tested = {expected[0] for _, expected in (*EXPECTED, *DRIFT)}
    assert {function.__name__.replace("_", "-") for function in DIAGNOSES} == tested


def test_the_most_severe_findings_come_first_and_then_go_by_subject() -> None:
    ranks = list(Severity)
    for snapshot, _ in EXPECTED:
        order = [(ranks.index(f.severity), f.subject, f.code) for f in snapshot.findings]
        assert order == sorted(order)


def test_what_is_unknown_is_never_called_down() -> None:
    assert not [f.code for f in unknown().findings if f.code.endswith("-down") or f.code == "no-serving-server"]


def test_a_delayed_member_lags_only_beyond_its_delay() -> None:
    assert found(with_member(calm(), "db3", delay_s=3600, lag_s=3605.0), "member-lagging") == []


def test_a_frozen_member_does_not_vouch_for_another() -> None:
    snapshot = with_member(calm(), "db1", **UNSEEN)
    lost = with_member(snapshot, "db3", **UNSEEN, seen_by=seen(MemberState.SECONDARY, Health.UP)[:1])
    assert [code for code, *_ in found(lost, "member-unknown")] == ["member-unknown"]


def test_servers_of_unknown_health_in_a_pool_are_not_called_an_outage() -> None:
    snapshot = calm()
    for server in ("app1", "app2", "app3"):
        snapshot = with_server(snapshot, server, health=Health.UNKNOWN)
    assert found(snapshot, "no-serving-server") == []


def test_a_set_of_one_has_no_spare_vote() -> None:
    only = with_members(calm(), replace(calm().replica_set.members[0], seen_by=()))
    assert found(only, "no-spare-vote") == [
        ("no-spare-vote", "warning", "rs0", "One more loss stops writes: there is only one vote.")
    ]


def test_a_hold_without_an_end_or_with_one_that_is_to_come_is_no_finding() -> None:
    open_end, later = replace(HOLD, until=None), replace(HOLD, until=AT + timedelta(minutes=1))
    assert found(judged(replace(calm(), holds=(open_end, later))), "hold-expired") == []
