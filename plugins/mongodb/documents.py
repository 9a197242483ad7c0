"""What a mongod's documents say, as values: hello, replSetGetStatus, the configuration. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from console.cluster.snapshot import Health, Member, MemberState, PeerView, SyncProgress
from console.cluster.views import MemberView

from .configuration import Document, lines

NOT_REACHABLE = "(not reachable/healthy)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one member by its documents, each the newest of its kind."""

    address: str
    hello: Document
    status: Document | None = None
    config: Document | None = None
    ping_ms: float | None = None
    version: str = ""
    slow: "Slow | None" = None
    operable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """What changes slowly or costs more to ask for."""

    oplog_window_s: float | None = None
    oplog_full_s: float | None = None
    data_bytes: int | None = None
    cache_bytes: int | None = None
    compatibility: str = ""


def member_view(facts: Facts) -> MemberView:
    """A member that answers, by its own word."""
    status, config = facts.status or {}, facts.config or {}
    settings = config.get("settings", {})
    return MemberView(
        address=facts.address,
        itself=_itself(facts, status),
        set_name=str(facts.hello.get("setName", "")),
        peers=peers(status),
        config=lines(config),
        config_version=_whole(config.get("version")),
        heartbeat_s=settings.get("heartbeatIntervalMillis", 2000) / 1000,
        election_timeout_s=settings.get("electionTimeoutMillis", 10000) / 1000,
        operable=facts.operable,
    )


def unseen(address: str, health: Health, reason: str) -> MemberView:
    """A member that cannot be asked, and why."""
    return MemberView(address=address, itself=Member(name="", address=address, health=health, reason=reason))


def with_problem(view: MemberView, reason: str) -> MemberView:
    """A member that says hello and no more: its state is known, its health is not."""
    return replace(view, itself=replace(view.itself, health=Health.UNKNOWN, reason=reason))


def term(hello: Document) -> int | None:
    """The term in which a writable Primary was elected, out of its electionId."""
    election_id = hello.get("electionId")
    return int.from_bytes(election_id.binary[4:], "big") if election_id is not None else None


def peers(status: Document) -> tuple[PeerView, ...]:
    """Every member as this one sees it, itself included; lag from the optimes of this one document."""
    members = status.get("members", ())
    newest = _newest_optime(members)
    return tuple(_peer(member, status.get("date"), newest) for member in members)


def oplog_window_s(first: Document | None, last: Document | None) -> float | None:
    """Seconds between the first and the last entry of an oplog."""
    if not first or not last:
        return None
    return float(last["ts"].time - first["ts"].time)


def oplog_full_s(window_s: float | None, stats: Document) -> float | None:
    """Seconds that an oplog will reach back when it is full, at the rate so far."""
    used, most = stats.get("size"), stats.get("maxSize")
    if window_s is None or not used or not most:
        return window_s
    return window_s * max(1.0, float(most) / float(used))


def clock_ahead_s(hello: Document, at: datetime) -> float | None:
    """How many seconds the server's clock was ahead of `at`, the middle of the question by our clock."""
    told = _utc(hello.get("localTime"))
    return (told - at).total_seconds() if told else None


def _itself(facts: Facts, status: Document) -> Member:
    hello, slow = facts.hello, facts.slow or Slow()
    own: Document = next((member for member in status.get("members", ()) if member.get("self")), {})
    terms = [known for known in (_whole(status.get("term")), term(hello)) if known is not None]
    topology = hello.get("topologyVersion") or {}
    return Member(
        name="",
        address=str(hello.get("me") or facts.address),
        state=_state(hello, own),
        health=Health.UP,
        writable=bool(hello.get("isWritablePrimary")),
        believes_primary=hello.get("primary"),
        term=max(terms, default=None),
        config_version=_whole(hello.get("setVersion")),
        version=facts.version,
        ping_ms=facts.ping_ms,
        sync_source=own.get("syncSourceHost") or own.get("syncingTo") or None,
        progress=_progress(status.get("initialSyncStatus")),
        oplog_window_s=slow.oplog_window_s,
        oplog_full_s=slow.oplog_full_s,
        data_bytes=slow.data_bytes,
        cache_bytes=slow.cache_bytes,
        compatibility=slow.compatibility,
        election_at=_utc(status.get("electionCandidateMetrics", {}).get("newTermStartDate")),
        process_id=str(topology.get("processId", "")),
        lag_s=next((peer.lag_s for peer in peers(status) if peer.address == own.get("name")), None),
    )


def _state(hello: Document, own: Document) -> MemberState:
    """hello is pushed and newer; what it does not tell apart, the status does."""
    if hello.get("isWritablePrimary"):
        return MemberState.PRIMARY
    if hello.get("secondary"):
        return MemberState.SECONDARY
    if hello.get("arbiterOnly"):
        return MemberState.ARBITER
    told = _state_named(own.get("stateStr"))
    if told not in (MemberState.UNKNOWN, MemberState.PRIMARY, MemberState.SECONDARY):
        return told
    return MemberState.REMOVED if not hello.get("setName") else MemberState.UNKNOWN


def _peer(member: Document, date: datetime | None, newest: datetime | None) -> PeerView:
    up = member.get("health", 0) == 1
    heard = member.get("lastHeartbeatRecv")
    lag_s = None
    if up and newest and (optime := _optime(member)):
        lag_s = max(0.0, (newest - optime).total_seconds())
    return PeerView(
        address=str(member.get("name", "")),
        state=_state_named(member.get("stateStr")),
        health=Health.UP if up else Health.DOWN,
        says=str(member.get("lastHeartbeatMessage", "")),
        heartbeat_age_s=max(0.0, (date - heard).total_seconds()) if date and heard else None,
        lag_s=lag_s,
    )


def _newest_optime(members: Any) -> datetime | None:
    """The Primary's optime, else the newest of a healthy member."""
    healthy = [(m.get("state") == 1, optime) for m in members if m.get("health", 0) == 1 and (optime := _optime(m))]
    return max(healthy, default=(False, None))[1] if healthy else None


def _optime(member: Document) -> datetime | None:
    optime: datetime | None = member.get("optimeDate")
    return optime if optime and optime.year > 1970 else None


def _state_named(name: Any) -> MemberState:
    if name == NOT_REACHABLE:
        return MemberState.DOWN
    return MemberState(name) if name in MemberState.__members__ else MemberState.UNKNOWN


def _progress(sync: Document | None) -> SyncProgress | None:
    if not sync:
        return None
    remaining = sync.get("remainingInitialSyncEstimatedMillis")
    return SyncProgress(
        copied_bytes=int(sync.get("approxTotalBytesCopied", 0)),
        total_bytes=int(sync.get("approxTotalDataSize", 0)),
        failed_attempts=int(sync.get("failedInitialSyncAttempts", 0)),
        remaining_s=None if remaining is None else remaining / 1000,
    )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _utc(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value
