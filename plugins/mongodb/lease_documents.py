"""What the documents of the lease and of the holds say, as values. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.cluster.snapshot import Admin, Approval, Bar, Hold, Lease, SetChange
from console.ports.protocols import Holder, LeaseState

APPROVAL_FIELDS = ("owner", "says", "reason", "since", "by", "agreed")
HOLDER_FIELDS = ("owner", "run", "says", "reason", "since")


def state_of(document: Mapping[str, Any]) -> LeaseState:
    """The lease by the server's own clock."""
    at: datetime | None = document.get("at")
    expires: datetime | None = document.get("expires")
    left_s = (expires - at).total_seconds() if at and expires else 0.0
    return LeaseState(
        fence=int(document.get("fence", 0)),
        rid=str(document.get("rid") or ""),
        holder=_holder(document) if left_s > 0 else None,
        left_s=left_s,
        before=_holder(document.get("before")),
        last=_holder(document.get("last")),
        set_change=_set_change(document.get("set_change"), at),
    )


def _holder(document: Mapping[str, Any] | None) -> Holder | None:
    if not document or not document.get("owner"):
        return None
    return Holder(**{name: document[name] for name in HOLDER_FIELDS})


def _set_change(document: Mapping[str, Any] | None, at: datetime | None) -> SetChange | None:
    if not document or at is None:
        return None
    return SetChange(**document, ago_s=max(0.0, (at - document["at"]).total_seconds()))


def lease_of(state: LeaseState, own_rid: str) -> Lease | None:
    """What a console shows of it."""
    if (holder := state.holder) is None:
        return None
    return Lease(
        owner=holder.owner,
        run=holder.run,
        says=holder.says,
        reason=holder.reason,
        fence=state.fence,
        ours=state.rid == own_rid,
        left_s=state.left_s,
    )


def approval_of(document: Mapping[str, Any]) -> Approval:
    """One question to another operator."""
    fields = {name: document[name] for name in APPROVAL_FIELDS}
    return Approval(id=str(document["_id"]), **fields)


def bar_of(document: Mapping[str, Any]) -> Bar:
    """One member that does not stand for election."""
    return Bar(address=str(document["_id"]), until=document["until"])


def hold_of(document: Mapping[str, Any]) -> Hold:
    """One server that is held out."""
    return Hold(
        target=str(document["_id"]),
        admin=Admin(document["admin"]),
        owner=document["owner"],
        reason=document["reason"],
        since=document["since"],
        until=document["until"],
    )
