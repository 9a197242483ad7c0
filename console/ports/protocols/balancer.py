"""Balancers: looked at, and what may be changed in their pools."""

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
