"""Who keeps a server out of service, by the word of the set, and whether it is."""

from dataclasses import replace

from console.cluster.merge import judged
from console.cluster.snapshot import Admin, Finding, Snapshot
from tests.cluster.pictures import calm, with_pools
from tests.cluster.test_diagnoses import HOLD as EXPIRED
from tests.cluster.test_merge_lease import LEASE

HOLD = replace(EXPIRED, until=None)


def not_kept(snapshot: Snapshot) -> list[Finding]:
    return [finding for finding in judged(snapshot).findings if finding.code == "hold-not-kept"]


def test_a_hold_that_a_balancer_does_not_keep_is_told_to_every_console() -> None:
    kept = replace(with_pools(calm(), "app2", admin=Admin.DRAIN), holds=(HOLD,))
    assert not_kept(kept) == []
    half = with_pools(kept, "app2", balancer="lb2", admin=Admin.READY)
    [finding] = not_kept(half)
    assert (finding.severity, finding.subject, finding.mend) == ("warning", "app2", "drain app2")
    assert finding.says.startswith("ann@bastion1 keeps it in drain since 2026-11-23 02:00 UTC: kernel; and it is ready")
    assert "on lb2" in finding.says
    assert "lb1" not in finding.says
    assert not_kept(replace(half, lease=LEASE)) == [], "a change is under way"


def test_a_server_that_is_kept_in_maintenance_and_serves_is_critical() -> None:
    [finding] = not_kept(replace(calm(), holds=(replace(HOLD, admin=Admin.MAINT),)))
    assert finding.severity == "critical"


def test_a_hold_of_a_server_that_is_not_there_is_no_finding() -> None:
    assert not_kept(replace(calm(), holds=(replace(HOLD, target="app9"),))) == []
