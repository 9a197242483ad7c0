"""One record: its fields, its canonical bytes, its place in the chain, and who is writing it."""

import hashlib
import json
import os
import pwd
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import console
from console.change.journal.body import plain
from console.change.journal.process import identity
from console.ports.error import OperatorError

SCHEMA = 1
GENESIS = bytes(32)


class JournalError(OperatorError):
    """The journal cannot be used as asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it is read back."""

    seq: int
    at: datetime
    kind: str
    run: str | None = None
    action: str | None = None
    target: str | None = None
    step: int | None = None
    outcome: str | None = None
    reason: str | None = None
    plan_hash: str | None = None
    who: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    hash: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    corrupt: str = ""
    """Why it cannot be trusted; empty when its bytes match its hash."""


def chain(prev: bytes, body: bytes) -> bytes:
    """The hash of a record."""
    return hashlib.sha256(b"\0" + prev + body).digest()


def decode(seq: int, prev: bytes, body: bytes, digest: bytes) -> Record:
    """A record from its row; whatever is wrong with it is said in `corrupt`."""
    corrupt = "" if chain(prev, body) == digest else "its bytes do not match its hash"
    try:
        fields: dict[str, Any] = json.loads(body)
        at = datetime.fromisoformat(fields["@timestamp"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return Record(seq=seq, at=datetime.fromtimestamp(0, UTC), kind="?", corrupt=corrupt or "it is not JSON")
    detail = fields.get("detail")
    return Record(
        seq=seq,
        at=at,
        kind=str(fields.get("event.kind", "?")),
        run=fields.get("plan.id"),
        action=fields.get("event.action"),
        target=fields.get("target.name"),
        step=fields.get("step.no"),
        outcome=fields.get("event.outcome"),
        reason=fields.get("event.reason"),
        plan_hash=fields.get("plan.hash"),
        who=str(fields.get("user.name", "")),
        detail=detail if isinstance(detail, dict) else {},
        hash=digest.hex(),
        body=fields,
        corrupt=corrupt,
    )


@cache
def writer() -> Mapping[str, Any]:
    """Who writes: the real user, however the session began, and the process that owns what it writes."""
    fields: dict[str, Any] = {
        "user.name": _user_name(),
        "user.id": os.getuid(),
        **identity(),
        "software.version": console.__version__,
        "schema": SCHEMA,
    }
    with suppress(OSError, ValueError):
        fields["user.loginuid"] = int(Path("/proc/self/loginuid").read_text("ascii"))
    if sudo := os.environ.get("SUDO_USER"):
        fields["user.sudo"] = sudo
    if connection := os.environ.get("SSH_CONNECTION", "").split():
        fields["source.ip"] = connection[0]
    if login := os.environ.get("WATCHKEEPER_WEB_LOGIN"):
        fields["web.login"] = login
    fields = plain(fields)
    return fields


def _user_name() -> str:
    """By the user id, never by LOGNAME: the environment says what its owner likes."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
