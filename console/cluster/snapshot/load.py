"""How much is asked of the cluster: now, and at the peak of the last minutes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLoad:
    """What one application server carried at most."""

    server: str
    peak_requests_s: float | None = None
    """None when no rate was seen of it."""
    peak_sessions: int | None = None
    """None when it was never known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What all balancers together were asked for while this console looked."""

    over_s: float = 0.0
    """How long was looked at: a peak of a few seconds says little."""
    requests_s: float | None = None
    """Now; None when two looks were not had yet."""
    errors_s: float | None = None
    peak_requests_s: float | None = None
    peak_sessions: int | None = None
    """The most at once, as seen every few seconds; None when it was never known."""
    servers: tuple[ServerLoad, ...] = ()

    @property
    def peak_of_one_s(self) -> float | None:
        """Requests a second that the busiest server was seen to carry."""
        seen = [one.peak_requests_s for one in self.servers if one.peak_requests_s is not None]
        return max(seen, default=None)
