"""What is wrong with the balancers."""

from collections.abc import Iterator

from console.cluster.finding import Diagnosis, critical, info, warning
from console.cluster.snapshot import Balancer, Finding, Health, Snapshot


def balancer_down(snapshot: Snapshot) -> Iterator[Finding]:
    """It refuses us or says that it is down; critical when no other balancer answers."""
    alone = not any(balancer.health is Health.UP for balancer in snapshot.balancers)
    for balancer in snapshot.balancers:
        if balancer.health is Health.DOWN:
            says = f"{balancer.name} is down: {_reason(balancer)}."
            yield (critical if alone else warning)("balancer-down", balancer.name, says)


def balancer_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """It does not answer us, so nothing is known of its pools."""
    for balancer in snapshot.balancers:
        if balancer.health is Health.UNKNOWN:
            says = f"What {balancer.name} does is not known: {_reason(balancer)}."
            yield warning("balancer-unknown", balancer.name, says)


def balancer_reloaded(snapshot: Snapshot) -> Iterator[Finding]:
    """Its process was replaced while we looked."""
    for balancer in snapshot.balancers:
        if balancer.reloads:
            times = "once" if balancer.reloads == 1 else f"{balancer.reloads} times"
            says = (
                f"{balancer.name} was reloaded or restarted {times} since this console started to look: "
                "states set before at run time are gone."
            )
            yield info("balancer-reloaded", balancer.name, says)


def balancer_read_only(snapshot: Snapshot) -> Iterator[Finding]:
    """We may look at it and change nothing."""
    for balancer in snapshot.balancers:
        if balancer.writable is False:
            because = f": {balancer.writable_reason}" if balancer.writable_reason else ""
            says = f"{balancer.name} lets this console look but change nothing{because}."
            yield info("balancer-read-only", balancer.name, says)


def _reason(balancer: Balancer) -> str:
    return balancer.reason or "no reason given"


DIAGNOSES: tuple[Diagnosis, ...] = (balancer_down, balancer_unknown, balancer_reloaded, balancer_read_only)
