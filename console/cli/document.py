"""What is seen, as the JSON documents of the command-line contract."""

from datetime import datetime
from typing import Any

from console.cluster.changes import Change
from console.cluster.snapshot import AppServer, Balancer, Finding, Hold, Lease, Member, Node, Snapshot


def status_document(snapshot: Snapshot) -> dict[str, Any]:
    """`status --json`."""
    replica_set = snapshot.replica_set
    primary = replica_set.primary
    return {
        "cluster": snapshot.cluster,
        "at": snapshot.at.isoformat(),
        "environment": snapshot.environment,
        "tolerates": {"app_servers": snapshot.tolerates.app_servers, "members": snapshot.tolerates.members},
        "app_servers": [_app_server(server) for server in snapshot.app_servers],
        "balancers": [_balancer(balancer) for balancer in snapshot.balancers],
        "replica_set": {
            "name": replica_set.name,
            "term": replica_set.term,
            "config_version": replica_set.config_version,
            "primary": primary.name if primary else None,
            "votes": replica_set.votes,
            "majority": replica_set.majority,
            "members": [_member(member) for member in replica_set.members],
        },
        "nodes": [_node(node) for node in snapshot.nodes],
        "findings": [finding_document(finding) for finding in snapshot.findings],
        "lease": snapshot.lease and _lease(snapshot.lease),
        "lease_reason": snapshot.lease_reason,
        "holds": [_hold(hold) for hold in snapshot.holds],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "subject": finding.subject,
        "says": finding.says,
        "mend": finding.mend,
    }


def change_document(at: datetime, change: Change) -> dict[str, Any]:
    """One line of `events --json`."""
    return {
        "at": at.isoformat(),
        "kind": change.kind,
        "tier": change.tier,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
        "says": change.says,
    }


def _app_server(server: AppServer) -> dict[str, Any]:
    return {
        "name": server.name,
        "address": server.address,
        "domain": server.domain,
        "health": str(server.health),
        "reason": server.reason,
        "latency_ms": _rounded(server.latency_ms),
        "age_s": _rounded(server.age_s),
        "pools": [
            {
                "balancer": pool.balancer,
                "backend": pool.backend,
                "admin": str(pool.admin),
                "status": str(pool.check),
                "check": pool.check_says,
                "weight": pool.weight,
                "sessions": pool.sessions,
                "queue": pool.queue,
            }
            for pool in server.pools
        ],
    }


def _balancer(balancer: Balancer) -> dict[str, Any]:
    return {
        "name": balancer.name,
        "plugin": balancer.plugin,
        "health": str(balancer.health),
        "reason": balancer.reason,
        "version": balancer.version,
        "uptime_s": balancer.uptime_s,
        "age_s": _rounded(balancer.age_s),
    }


def _member(member: Member) -> dict[str, Any]:
    progress = member.progress
    return {
        "name": member.name,
        "address": member.address,
        "domain": member.domain,
        "state": str(member.state),
        "health": str(member.health),
        "reason": member.reason,
        "votes": member.votes,
        "priority": member.priority,
        "lag_s": _rounded(member.lag_s),
        "ping_ms": _rounded(member.ping_ms),
        "sync_source": member.sync_source,
        "progress": progress
        and {
            "copied_bytes": progress.copied_bytes,
            "total_bytes": progress.total_bytes,
            "failed_attempts": progress.failed_attempts,
            "remaining_s": progress.remaining_s,
        },
        "version": member.version,
        "age_s": _rounded(member.age_s),
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "address": node.address,
        "roles": list(node.roles),
        "domain": node.domain,
        "cpus": node.cpus,
        "memory_bytes": node.memory_bytes,
        "disk_bytes": node.disk_bytes,
        "load1": node.load1,
        "health": str(node.health),
        "reason": node.reason,
        "age_s": _rounded(node.age_s),
    }


def _lease(lease: Lease) -> dict[str, Any]:
    return {
        "owner": lease.owner,
        "run": lease.run,
        "says": lease.says,
        "reason": lease.reason,
        "fence": lease.fence,
        "left_s": _rounded(lease.left_s),
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "target": hold.target,
        "admin": str(hold.admin),
        "owner": hold.owner,
        "reason": hold.reason,
        "since": hold.since.isoformat(),
        "until": hold.until and hold.until.isoformat(),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
