"""A balancer of the world, and its servers' own health."""

import re
from collections.abc import Callable, Sequence

from console.cluster.snapshot import Admin
from console.cluster.views import BalancerView, HealthView
from console.ports.protocols import LineChange, RawDocument, Refused, Unclear

from .port import Port
from .views import NO_DRAIN, balancer_view, health_view
from .world import BACKENDS, Balancer

NAME = re.compile(r"[A-Za-z0-9_.:-]+")


class MemoryHealth(Port):
    """Answers as the world's application servers do."""

    async def look(self, server: str, address: str, port: int | None) -> HealthView:
        """At once."""
        return health_view(self.world, server)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """The view."""
        return self.told(health_view(self.world, node))


class MemoryBalancer(Port):
    """One balancer of the world."""

    async def look(self) -> BalancerView:
        """At once."""
        return balancer_view(self.world, self.name)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """The view."""
        return self.told(balancer_view(self.world, self.name))

    async def set_admin(self, backend: str, server: str, admin: Admin) -> None:
        """Sessions stay as they are. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.admins[backend, server] = admin

        self._change(self.admin_command(backend, server, admin), backend, server, apply)

    def admin_command(self, backend: str, server: str, admin: Admin) -> str:
        """In HAProxy's words. Raises Refused for a drain where the world has none."""
        if admin is Admin.DRAIN and self.world.balancers[self.name].bare:
            raise Refused(f"{self.name}: {NO_DRAIN}")
        return f"set server {backend}/{server} state {admin}"

    async def end_sessions(self, backend: str, server: str) -> None:
        """No session is left there. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.sessions[backend, server] = 0

        self._change(self.end_sessions_command(backend, server), backend, server, apply)

    def end_sessions_command(self, backend: str, server: str) -> str:
        """In HAProxy's words."""
        return f"shutdown sessions server {backend}/{server}"

    async def add_server(self, backend: str, server: str, *, address: str, weight: int, options: str) -> None:
        """Into maintenance. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.add((backend, server), address, weight)

        balancer = self.world.balancers[self.name]
        exists = (
            "Already exists a server with the same name in backend." if (backend, server) in balancer.admins else ""
        )
        why = "No such backend." if backend not in BACKENDS else balancer.refuses_in.get(backend, exists)
        command = self.add_server_command(backend, server, address=address, weight=weight, options=options)
        self._tell(command, why, apply)

    def add_server_command(self, backend: str, server: str, *, address: str, weight: int, options: str) -> str:
        """In HAProxy's words. Raises Refused for a name that is none."""
        if not NAME.fullmatch(server):
            raise Refused(f"{server!r} is not a name")
        return f"add server {backend}/{server} {address} {options} weight {weight}"

    async def enable_check(self, backend: str, server: str) -> None:
        """From now on it is checked. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.checking.add((backend, server))

        self._change(self.enable_check_command(backend, server), backend, server, apply)

    def enable_check_command(self, backend: str, server: str) -> str:
        """In HAProxy's words."""
        return f"enable health {backend}/{server}"

    async def delete_server(self, backend: str, server: str) -> None:
        """Only out of maintenance and without sessions. Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.delete((backend, server))

        balancer, place = self.world.balancers[self.name], (backend, server)
        why = ""
        if balancer.admins.get(place, Admin.MAINT) is not Admin.MAINT:
            why = "Only servers in maintenance mode can be deleted."
        elif balancer.sessions.get(place):
            why = "Server still has connections attached to it, cannot remove it."
        self._tell(self.delete_server_command(backend, server), why, apply)

    def delete_server_command(self, backend: str, server: str) -> str:
        """In HAProxy's words."""
        return f"del server {backend}/{server}"

    async def set_weight(self, backend: str, server: str, weight: int) -> None:
        """Raises Refused or Unclear, as the world wants it."""

        def apply(balancer: Balancer) -> None:
            balancer.weights[backend, server] = weight

        if not 0 <= weight <= 256:
            raise Refused("Absolute weight can only be between 0 and 256 inclusive.")
        self._change(self.weight_command(backend, server, weight), backend, server, apply)

    def weight_command(self, backend: str, server: str, weight: int) -> str:
        """In HAProxy's words."""
        return f"set server {backend}/{server} weight {weight}"

    async def write_lines(self, changes: Sequence[LineChange]) -> None:
        """All or none. Raises Refused or Unclear, as the world wants it."""
        lines = self.world.balancers[self.name].lines
        reads = [lines.get((one.backend, one.server)) for one in changes]
        moved = [now for now, one in zip(reads, changes, strict=True) if now not in (one.before, one.after)]

        def apply(balancer: Balancer) -> None:
            for one in changes:
                balancer.lines.pop((one.backend, one.server), None)
                if one.after is not None:
                    balancer.lines[one.backend, one.server] = one.after

        why = f"the line was changed meanwhile: it reads {moved[0] or 'nothing'}" if moved else ""
        self._tell(self.write_lines_command(changes), why or self.world.balancers[self.name].refuses_lines, apply)

    def write_lines_command(self, changes: Sequence[LineChange]) -> str:
        """In nobody's words."""
        return "\n".join(f"write {one.backend}/{one.server}: {one.after or 'no line'}" for one in changes)

    def _change(self, command: str, backend: str, server: str, apply: Callable[[Balancer], None]) -> None:
        known = (backend, server) in self.world.balancers[self.name].admins
        self._tell(command, "" if known else "No such server.", apply)

    def _tell(self, command: str, refuses: str, apply: Callable[[Balancer], None]) -> None:
        balancer = self.world.balancers[self.name]
        self.world.commands.append(f"{self.name}: {command}")
        balancer.before(command)
        if not self.world.up(self.name):
            raise Refused(f"{self.name} cannot be told: {health_view(self.world, self.name).reason}")
        if says := balancer.refuses or refuses:
            raise Refused(f"{self.name}: {says}")
        if balancer.applies:
            apply(balancer)
        if balancer.loses_answers:
            raise Unclear(f"'{command}' was sent to {self.name}: the connection was lost")
