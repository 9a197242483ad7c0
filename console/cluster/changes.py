"""What changed from one snapshot to the next: the words of the event stream.

Kinds are fixed words. Of a thing: `added`, `removed`, `health` (up, down, unknown). Of a server's place in a pool,
whose subject is `balancer/backend/server`: `admin` (ready, drain, maint), `check` (up, down, unknown) and `weight`.
Of a balancer: `reload`. Of a member: `state`. Of the set: `primary`, `term`, `config`. Of another console's run:
`lease` (before and after is what it does). Of a server: `hold` (before and after is drain or maint). Of the cluster:
`tolerates` (its subject is `app_servers` or `members`) and `finding` (before or after is its code).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC

from console.cluster.handover import gap_words
from console.cluster.snapshot import (
    AppServer,
    Balancer,
    Finding,
    Health,
    Lease,
    Member,
    Node,
    PoolMember,
    ReplicaSet,
    Snapshot,
    Tolerates,
)
from console.cluster.text import count

Thing = AppServer | Balancer | Member | Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference, as words for a line and for a program."""

    kind: str
    tier: str
    """`app`, `balancer`, `replica_set`, `node` or `cluster`."""
    subject: str
    before: str | None
    after: str | None
    says: str
    gap_s: float | None = None
    """Of another Primary: seconds without one before, where that was heard."""


def changes(before: Snapshot | None, after: Snapshot) -> tuple[Change, ...]:
    """Every difference that is worth a line, tier by tier; of a first snapshot none."""
    if before is None:
        return ()
    return (
        *_healths("app", before.app_servers, after.app_servers),
        *_pools(before, after),
        *_healths("balancer", before.balancers, after.balancers),
        *_reloads(before, after),
        *_healths("replica_set", before.replica_set.members, after.replica_set.members),
        *_states(before, after),
        *_set(before.replica_set, after.replica_set),
        *_healths("node", before.nodes, after.nodes),
        *_lease(before.lease, after.lease),
        *_holds(before, after),
        *_tolerated(before.tolerates, after.tolerates),
        *_findings(before.findings, after.findings),
    )


def _healths(tier: str, before: Iterable[Thing], after: Iterable[Thing]) -> Iterator[Change]:
    was, now = {thing.name: thing for thing in before}, {thing.name: thing for thing in after}
    for name in sorted(was.keys() - now.keys()):
        yield _change("removed", tier, name, was[name].health, None, f"{name} is gone")
    for name, thing in now.items():
        if name not in was:
            yield _change("added", tier, name, None, thing.health, f"{name} is new")
        elif thing.health is not was[name].health:
            because = f": {thing.reason}" if thing.reason and thing.health is not Health.UP else ""
            says = f"{name} is {thing.health}, was {was[name].health}{because}"
            yield _change("health", tier, name, was[name].health, thing.health, says)


def _pools(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    was, now = _places(before), _places(after)
    for place in now:
        if place not in was:
            continue
        old, new = was[place], now[place]
        if old.admin is not new.admin:
            says = f"{new.server} is in {new.admin} in {new.backend} on {new.balancer}, was in {old.admin}"
            yield _change("admin", "app", place, old.admin, new.admin, says)
        if old.check is not new.check:
            because = f": {new.check_says}" if new.check_says and new.check is not Health.UP else ""
            says = f"{new.balancer} finds {new.server} {new.check} in {new.backend}, was {old.check}{because}"
            yield _change("check", "app", place, old.check, new.check, says)
        if old.weight != new.weight:
            says = f"{new.server} has weight {new.weight} in {new.backend} on {new.balancer}, had {old.weight}"
            yield _change("weight", "app", place, old.weight, new.weight, says)


def _reloads(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for balancer in after.balancers:
        was = before.balancer(balancer.name)
        if was and balancer.reloads > was.reloads:
            says = f"{balancer.name} was reloaded or restarted: states set before at run time are gone"
            yield _change("reload", "balancer", balancer.name, was.reloads, balancer.reloads, says)


def _states(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for member in after.replica_set.members:
        was = next((m for m in before.replica_set.members if m.name == member.name), None)
        if was and was.state is not member.state:
            says = f"{member.name} is {member.state}, was {was.state}"
            yield _change("state", "replica_set", member.name, was.state, member.state, says)


def _set(before: ReplicaSet, after: ReplicaSet) -> Iterator[Change]:
    name = after.name or before.name or "replica set"
    was, now = before.primary, after.primary
    if (was and was.name) != (now and now.name):
        nobody = f"there is no Primary, {was.name if was else 'nobody'} was"
        says = _leads(now) + gap_words(after) if now else nobody
        change = _change("primary", "replica_set", name, was and was.name, now and now.name, says)
        yield replace(change, gap_s=after.gap_s) if now else change
    for kind, what, old, new in (
        ("term", "term", before.term, after.term),
        ("config", "configuration version", before.config_version, after.config_version),
    ):
        if old != new:
            says = f"{name} is in {what} {_shown(new)}, was in {_shown(old)}"
            yield _change(kind, "replica_set", name, old, new, says)


def _leads(primary: Member) -> str:
    term = "" if primary.term is None else f" in term {primary.term}"
    if primary.election_at is None:
        return f"{primary.name} is Primary{term}"
    began = f"{primary.election_at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
    return f"{primary.name} is Primary{term}, which began {began} UTC"


def _lease(before: Lease | None, after: Lease | None) -> Iterator[Change]:
    """What another console does; what this one does is told by its run."""
    if after and not after.ours and (before is None or (before.run, before.says) != (after.run, after.says)):
        was = before.says if before and before.run == after.run else None
        yield _change("lease", "cluster", after.run, was, after.says, f"{after.owner}: {after.says}")
    if before and not before.ours and (after is None or after.run != before.run):
        says = f"{before.owner} no longer has the lease (run {before.run})"
        yield _change("lease", "cluster", before.run, before.says, None, says)


def _holds(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    was, now = {hold.target: hold for hold in before.holds}, {hold.target: hold for hold in after.holds}
    for target, hold in now.items():
        if hold != was.get(target):
            until = f" until {hold.until:%Y-%m-%d %H:%M} UTC" if hold.until else ""
            says = f"{hold.owner} holds {target} in {hold.admin}{until}{f': {hold.reason}' if hold.reason else ''}"
            yield _change("hold", "app", target, was[target].admin if target in was else None, hold.admin, says)
    for target in was.keys() - now.keys():
        yield _change("hold", "app", target, was[target].admin, None, f"{target} is no longer held out")


def _tolerated(before: Tolerates, after: Tolerates) -> Iterator[Change]:
    for subject, what, old, new in (
        ("app_servers", "application server", before.app_servers, after.app_servers),
        ("members", "member", before.members, after.members),
    ):
        if old != new:
            says = f"{count(new, what)} may be lost, was {old}"
            yield _change("tolerates", "cluster", subject, old, new, says)


def _findings(before: Iterable[Finding], after: Iterable[Finding]) -> Iterator[Change]:
    # By code and subject: the words hold ages and sizes that move all the time.
    was, now = {(f.code, f.subject): f for f in before}, {(f.code, f.subject): f for f in after}
    for key, finding in now.items():
        if key not in was:
            yield _change("finding", "cluster", finding.subject, None, finding.code, finding.says)
    for key, finding in was.items():
        if key not in now:
            says = f"{finding.code} of {finding.subject} is over"
            yield _change("finding", "cluster", finding.subject, finding.code, None, says)


def _change(kind: str, tier: str, subject: str, before: object, after: object, says: str) -> Change:
    return Change(
        kind=kind,
        tier=tier,
        subject=subject,
        before=None if before is None else str(before),
        after=None if after is None else str(after),
        says=says,
    )


def _places(snapshot: Snapshot) -> Mapping[str, PoolMember]:
    pools = (pool for server in snapshot.app_servers for pool in server.pools)
    return {f"{pool.balancer}/{pool.backend}/{pool.server}": pool for pool in pools}


def _shown(number: int | None) -> str:
    return "none known" if number is None else str(number)
