"""One record: its fields, its canonical bytes, its place in the chain, and who is writing it."""

import getpass
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import rfc8785

import console

SCHEMA = 1
GENESIS = bytes(32)
BODY_LIMIT_BYTES = 64 * 1024
TEXT_LIMIT = 4096
"""What is kept of one text when a body is too large."""


class JournalError(Exception):
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


def encode(body: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a body; texts of one that is too large are cut, with their length and digest noted."""
    encoded = rfc8785.dumps(body)
    return encoded if len(encoded) <= BODY_LIMIT_BYTES else rfc8785.dumps(_cut(body))


def decode(seq: int, prev: bytes, body: bytes, digest: bytes) -> Record:
    """A record from its row; whatever is wrong with it is said in `corrupt`."""
    corrupt = "" if chain(prev, body) == digest else "its bytes do not match its hash"
    try:
        fields: dict[str, Any] = json.loads(body)
        at = datetime.fromisoformat(fields["@timestamp"])
    except (ValueError, KeyError, TypeError):
        return Record(seq=seq, at=datetime.fromtimestamp(0, UTC), kind="?", corrupt=corrupt or "it is not JSON")
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
        detail=fields.get("detail") or {},
        hash=digest.hex(),
        body=fields,
        corrupt=corrupt,
    )


@cache
def writer() -> Mapping[str, Any]:
    """Who writes: the real user, however the session began, and the process that owns what it writes."""
    process = psutil.Process()
    fields: dict[str, Any] = {
        "user.name": getpass.getuser(),
        "user.id": os.getuid(),
        "host.name": platform.node(),
        "process.pid": process.pid,
        "process.start": process.create_time(),
        "boot_id": boot_id(),
        "software.version": console.__version__,
        "schema": SCHEMA,
    }
    with suppress(OSError, ValueError):
        fields["user.loginuid"] = int(Path("/proc/self/loginuid").read_text("ascii"))
    if sudo := os.environ.get("SUDO_USER"):
        fields["user.sudo"] = sudo
    if connection := os.environ.get("SSH_CONNECTION"):
        fields["source.ip"] = connection.split()[0]
    return fields


def alive(body: Mapping[str, Any]) -> bool:
    """The process that wrote this body is still the same and running."""
    if body.get("host.name") != platform.node() or body.get("boot_id") != boot_id():
        return False
    try:
        process = psutil.Process(int(body["process.pid"]))
        return process.create_time() == body["process.start"] and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, ValueError):
        return False


def boot_id() -> str:
    """Identity of this start of the machine: a process id from before it says nothing."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return str(psutil.boot_time())


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        digest = hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
        return f"{value[:TEXT_LIMIT]}… ({len(value)} characters, sha256 {digest})"
    if isinstance(value, Mapping):
        return {key: _cut(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cut(item) for item in value[:100]]
    return value
