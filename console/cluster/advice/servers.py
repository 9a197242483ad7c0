"""Advice on application servers and balancers: how many the peak needs when one of them is gone."""

from collections.abc import Iterator

from console.cluster.advice.advice import SAFER, Advice, count, find_out, prepared
from console.cluster.finding import listed
from console.cluster.headroom import FULL, processors_used, servers_needed
from console.cluster.requirements import APP_SERVERS, BALANCERS
from console.cluster.snapshot import Health, Snapshot
from console.cluster.standing import serving


def more_servers(snapshot: Snapshot) -> Iterator[Advice]:
    """Enough to carry the peak with one of them gone."""
    there = sum(bool(server.pools) for server in snapshot.app_servers)
    needed = servers_needed(snapshot)
    used = processors_used(snapshot)
    action = prepared("add-server", (spare.name for spare in snapshot.spare_servers))
    idle = [s for s in snapshot.app_servers if s.pools and not s.serving]
    unseen = [s.name for s in idle if s.health is Health.UNKNOWN or not any(pool.known for pool in s.pools)]
    because = (f"{serving(snapshot)} of {there} are known to serve in every pool",)
    if down := [s.name for s in idle if s.name not in unseen]:
        yield Advice(subject="application servers", says=f"Bring {listed(down)} back into service.", because=because)
    if unseen:
        yield Advice(subject="application servers", says=find_out(unseen), because=because)
    if there < APP_SERVERS:
        yield Advice(
            subject="application servers",
            says=f"Add {count(APP_SERVERS - there, 'application server')}.",
            because=(f"{there} stands behind the balancers: its loss stops service", SAFER),
            action=action,
        )
    elif needed is not None and needed > there:
        sessions = snapshot.load.peak_sessions or 0
        yield Advice(
            subject="application servers",
            says=f"Add {count(needed - there, 'application server')}.",
            because=(
                f"with one gone, each of {there - 1} would hold {sessions / (there - 1):.0f} sessions at the peak of "
                f"{sessions}; {FULL:.0%} of their limit is the most that leaves room",
                SAFER,
            ),
            action=action,
        )
    elif used is not None and used > FULL:
        more = count(_by_processors(there, used), "application server")
        yield Advice(
            subject="application servers",
            says=f"Add {more}, or give each {used / FULL:.1f} times the cpus.",
            because=(
                f"with one gone, the busiest would use {used:.0%} of its cpus at the peak, estimated from load average "
                "and requests",
                SAFER,
            ),
            action=action,
        )


def more_balancers(snapshot: Snapshot) -> Iterator[Advice]:
    """Two or more."""
    if (there := len(snapshot.balancers)) < BALANCERS:
        yield Advice(
            subject="balancers",
            says=f"Add {count(BALANCERS - there, 'balancer')}.",
            because=(f"there {'is' if there == 1 else 'are'} {there}: one alone is a single point of failure",),
        )


def _by_processors(there: int, used: float) -> int:
    """Servers to add so that with one gone each uses FULL at most."""
    more = 1
    while used * (there - 1) / (there - 1 + more) > FULL:
        more += 1
    return more
