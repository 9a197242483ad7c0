"""A copy of the journal in syslog: on this machine, or on another that takes it by UDP or TCP."""

import asyncio
import socket
from collections.abc import Sequence
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from console.ports.plugins import Context
from console.ports.protocols import CopiedRecord, NotKept

PORT = 514
MESSAGE_BYTES = {"unix": 60_000, "udp": 1400, "tcp": 60_000}
"""What of one record is sent at most; of a longer one the head, with its hash, and the beginning of its body."""


class Syslog:
    """One line a record: who it is in the chain, then its body."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """One `[[journal]]` table."""

        address: str = "unix:///dev/log"
        """`unix:///dev/log`, `udp://host:514` or `tcp://host:514`; UDP is lost without a word when nobody listens."""
        facility: str = "auth"
        deadline_s: float = 3.0

        def __post_init__(self) -> None:
            """Raises ValueError for an address or a facility that is none."""
            if _kind(self.address) not in MESSAGE_BYTES:
                raise ValueError(f"address {self.address!r}: expected unix:///path, udp://host:port or tcp://host:port")
            if self.facility not in SysLogHandler.facility_names:
                names = ", ".join(sorted(SysLogHandler.facility_names))
                raise ValueError(f"facility {self.facility!r}: expected one of {names}")

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings

    async def keep(self, records: Sequence[CopiedRecord]) -> None:
        """Raises NotKept where the log cannot be reached; what stands there is not read back."""
        try:
            await asyncio.to_thread(self._send, records)
        except OSError as error:
            why = error.strerror or str(error) or type(error).__name__
            raise NotKept(f"{self._settings.address} does not take it: {why}") from None

    async def close(self) -> None:
        """Nothing is kept open."""

    def _send(self, records: Sequence[CopiedRecord]) -> None:
        kind, priority = _kind(self._settings.address), _priority(self._settings.facility)
        with _connected(self._settings.address, self._settings.deadline_s) as log:
            for record in records:
                line = _line(record, MESSAGE_BYTES[kind])
                if kind == "unix":  # as syslog(3) writes it
                    log.send(f"<{priority}>watchkeeper: {line}".encode())
                    continue
                head = f"<{priority}>1 {record.at.isoformat()} {socket.gethostname()} watchkeeper - - - "  # RFC 5424
                log.sendall((head + line + "\n" * (kind == "tcp")).encode())


def _connected(address: str, deadline_s: float) -> socket.socket:
    """Raises OSError."""
    kind, place = _kind(address), urlsplit(address)
    if kind == "tcp":
        return socket.create_connection((place.hostname or "", place.port or PORT), timeout=deadline_s)
    where: Any = place.path
    family = socket.AF_UNIX
    if kind == "udp":
        family, _, _, _, where = socket.getaddrinfo(place.hostname, place.port or PORT, type=socket.SOCK_DGRAM)[0]
    log = socket.socket(family, socket.SOCK_DGRAM)
    try:
        log.settimeout(deadline_s)
        log.connect(where)
    except OSError:
        log.close()
        raise
    return log


def _priority(facility: str) -> int:
    return SysLogHandler.facility_names[facility] << 3 | SysLogHandler.LOG_INFO


def _line(record: CopiedRecord, limit: int) -> str:
    head = f"journal {record.journal_id} seq {record.seq} hash {record.hash} {record.kind} "
    return head + record.body.encode()[: limit - len(head)].decode("utf-8", "ignore")


def _kind(address: str) -> str:
    kind, place = urlsplit(address).scheme, urlsplit(address)
    there = place.path.startswith("/") and Path(place.path).name if kind == "unix" else place.hostname
    return kind if there else ""


PROVIDES = {"journal": Syslog}
