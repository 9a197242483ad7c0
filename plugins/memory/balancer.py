"""A balancer of the world, and its servers' own health."""

from collections.abc import Callable

from console.cluster.snapshot import Admin
from console.cluster.views import BalancerView, HealthView
from console.ports.protocols import Refused, Unclear

from .port import Port
from .views import balancer_view, health_view
from .world import Balancer


class MemoryHealth(Port):
    """Answers as the world's application servers do."""

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """At once."""
        return health_view(self.world, server)


class MemoryBalancer(Port):
    """One balancer of the world."""

    async def look(self) -> BalancerView:
        """At once."""
        return balancer_view(self.world, self.name)

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Sessions stay as they are. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.admins[backend, server] = admin

        self._change(self.admin_command(backend, server, admin), backend, server, apply)

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """In HAProxy's words."""
        return f"set server {backend}/{server} state {admin}"

    async def end_sessions(self, backend: str, server: str) -> None:
        """No session is left there. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.sessions[backend, server] = 0

        self._change(self.end_sessions_command(backend, server), backend, server, apply)

    def end_sessions_command(self, backend: str, server: str) -> str:
        """In HAProxy's words."""
        return f"shutdown sessions server {backend}/{server}"

    def _change(self, command: str, backend: str, server: str, apply: Callable[[Balancer], None]) -> None:
        balancer = self.world.balancers[self.name]
        self.world.commands.append(f"{self.name}: {command}")
        if not self.world.up(self.name):
            raise Refused(f"{self.name} cannot be told: {health_view(self.world, self.name).reason}")
        if balancer.refuses:
            raise Refused(f"{self.name}: {balancer.refuses}")
        if (backend, server) not in balancer.admins:
            raise Refused(f"{self.name}: No such server.")
        if balancer.applies:
            apply(balancer)
        if balancer.loses_answers:
            raise Unclear(f"'{command}' was sent to {self.name}: the connection was lost")
