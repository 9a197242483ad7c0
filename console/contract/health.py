"""What every health check does."""

from dataclasses import dataclass

from console.cluster.snapshot import Health
from console.contract.behaviour import Suite, expect
from console.ports.protocols import HealthCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSubject:
    """A health check, a server that is well, and a place where nobody listens."""

    port: HealthCheck
    server: str
    address: str
    server_port: int | None
    nobody: tuple[str, int]
    """Host and port that refuse connections."""

    async def restore(self) -> None:
        """A look changes nothing."""


HEALTH: Suite[HealthSubject] = Suite("health")


@HEALTH.behaviour()
async def a_server_that_is_well_is_up_with_its_latency(subject: HealthSubject) -> None:
    view = await subject.port.look(subject.server, subject.address, subject.server_port)
    expect(view.server == subject.server, f"expected the name {subject.server!r}, got {view.server!r}")
    expect(view.health is Health.UP, f"expected up, got {view.health}: {view.reason}")
    expect(view.latency_ms is not None and view.latency_ms >= 0, f"expected a latency, got {view.latency_ms}")


@HEALTH.behaviour()
async def a_server_that_refuses_connections_is_down_with_a_reason(subject: HealthSubject) -> None:
    view = await subject.port.look(subject.server, *subject.nobody)
    expect(view.health is Health.DOWN, f"expected down, got {view.health}: {view.reason}")
    expect(view.reason, "expected a reason")


@HEALTH.behaviour()
async def a_name_that_cannot_be_resolved_is_unknown_and_never_up(subject: HealthSubject) -> None:
    view = await subject.port.look(subject.server, "no-such-host.invalid", subject.server_port)
    expect(view.health is Health.UNKNOWN, f"expected unknown, got {view.health}: {view.reason}")
    expect(view.reason, "expected a reason")
