"""Balancers: looked at, and what may be changed in their pools."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.cluster.snapshot import Admin
from console.cluster.views import BalancerView


@runtime_checkable
class BalancerPort(Protocol):
    """One balancer that can be looked at."""

    async def look(self) -> BalancerView:
        """Everything in one look."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class SetsAdmin(Protocol):
    """A balancer whose pool members can be drained, put into maintenance and made ready."""

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Idempotent. Raises Refused or Unclear."""
        ...

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """The exact command that `set_admin` would send, for the plan and the journal."""
        ...


@runtime_checkable
class EndsSessions(Protocol):
    """A balancer that can end the sessions of one server."""

    async def end_sessions(self, backend: str, server: str) -> None:
        """Requests in flight fail. Raises Refused or Unclear."""
        ...

    def end_sessions_command(self, backend: str, server: str) -> str:
        """The exact command, for the plan and the journal."""
        ...


@runtime_checkable
class AddsServers(Protocol):
    """A balancer that takes servers into its pools and deletes them while it runs."""

    async def add_server(self, backend: str, server: str, *, address: str, weight: int, options: str) -> None:
        """Into maintenance, its health check configured and not enabled yet. Raises Refused or Unclear."""
        ...

    def add_server_command(self, backend: str, server: str, *, address: str, weight: int, options: str) -> str:
        """The exact command, for the plan and the journal. Raises Refused for words that cannot be sent."""
        ...

    async def enable_check(self, backend: str, server: str) -> None:
        """Idempotent. Raises Refused or Unclear."""
        ...

    def enable_check_command(self, backend: str, server: str) -> str:
        """The exact command, for the plan and the journal."""
        ...

    async def delete_server(self, backend: str, server: str) -> None:
        """One in maintenance, once its last connection is gone; one that is not there is deleted.

        Raises Refused or Unclear.
        """
        ...

    def delete_server_command(self, backend: str, server: str) -> str:
        """The exact command, for the plan and the journal."""
        ...


@runtime_checkable
class SetsWeight(Protocol):
    """A balancer whose servers' share of the traffic can be changed."""

    async def set_weight(self, backend: str, server: str, weight: int) -> None:
        """Absolute, 0 to 256; idempotent. Raises Refused or Unclear."""
        ...

    def weight_command(self, backend: str, server: str, weight: int) -> str:
        """The exact command, for the plan and the journal."""
        ...


@dataclass(frozen=True, slots=True)
class LineChange:
    """One server's line in a balancer's configuration: as it must read now, and as it is to read; None is no line."""

    backend: str
    server: str
    before: str | None
    after: str | None


@runtime_checkable
class Persists(Protocol):
    """A balancer whose configuration can be written, so that what was changed at run time outlives a reload."""

    async def write_lines(self, changes: Sequence[LineChange]) -> None:
        """All of them or none, checked by the balancer itself before they stand there; nothing is reloaded.

        Where a line reads `after` already, it is left; where it reads neither, that is Refused with what it reads.
        Raises Refused or Unclear.
        """
        ...

    def write_lines_command(self, changes: Sequence[LineChange]) -> str:
        """What is written where, a line each, for the plan and the journal. Raises Refused."""
        ...
