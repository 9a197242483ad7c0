"""Drift of the pools: between the balancers, between run time and configuration, and after a reload."""

from collections.abc import Iterable, Iterator

from console.cluster.finding import Diagnosis, critical, grouped, info, listed, warning
from console.cluster.snapshot import Admin, AppServer, Finding, Health, PoolMember, Snapshot


def drain_lost(snapshot: Snapshot) -> Iterator[Finding]:
    """A reload made a server ready that an operator had taken out of traffic."""
    for server in snapshot.app_servers:
        lost = [entry for entry in _known(server) if entry.lost]
        if lost:
            was_maint = any(entry.lost is Admin.MAINT for entry in lost)
            admin = Admin.MAINT if was_maint else Admin.DRAIN
            who = listed(entry.balancer for entry in lost)
            says = (
                f"{server.name} was in {admin} and takes traffic again in {places(lost)}: {who} was reloaded or "
                f"restarted and forgot it. `{admin} {server.name}` sets it again, `ready {server.name}` lets it be."
            )
            yield (critical if was_maint else warning)("drain-lost", server.name, says, f"{admin} {server.name}")


def pool_membership(snapshot: Snapshot) -> Iterator[Finding]:
    """One balancer has a server in a backend, another that has the backend has not."""
    answering = [balancer for balancer in snapshot.balancers if balancer.health is Health.UP]
    for server in snapshot.app_servers:
        for backend in sorted({entry.backend for entry in _known(server)}):
            having = {entry.balancer for entry in _known(server) if entry.backend == backend}
            standing = {entry.balancer for entry in server.pools if entry.backend == backend}
            if lacking := {b.name for b in answering if backend in b.backends} - standing:
                says = f"{server.name} stands in {backend} on {listed(having)} and not on {listed(lacking)}."
                yield warning("pool-membership", server.name, says, f"add-server {server.name}")


def weights_differ(snapshot: Snapshot) -> Iterator[Finding]:
    """Balancers give one server different weights in the same backend."""
    for server in snapshot.app_servers:
        for backend in sorted({entry.backend for entry in _known(server)}):
            weights = {entry.balancer: entry.weight for entry in _known(server) if entry.backend == backend}
            if len(set(weights.values())) > 1:
                says = f"The weight of {server.name} in {backend} differs: {grouped(weights)}."
                yield warning("weights-differ", server.name, says, f"set-weight {server.name}")


def server_not_in_config(snapshot: Snapshot) -> Iterator[Finding]:
    """It was added at run time, and the next reload forgets it."""
    for server in snapshot.app_servers:
        lines: dict[tuple[str, str], list[str]] = {}
        for entry in _known(server):
            if entry.dynamic:
                lines.setdefault((entry.backend, _line(snapshot, entry)), []).append(entry.balancer)
        for (backend, line), where in lines.items():
            says = (
                f"{server.name} was added at run time: the next reload of {listed(where)} forgets it until this "
                f"stands in backend {backend}: {line}"
            )
            yield warning("server-not-in-config", server.name, says)


def server_only_in_config(snapshot: Snapshot) -> Iterator[Finding]:
    """It was deleted at run time, and the next reload brings it back."""
    places: dict[str, list[str]] = {}
    for balancer in snapshot.balancers:
        for pool in balancer.pools if balancer.health is Health.UP else ():
            for server in pool.missing:
                places.setdefault(server, []).append(f"{pool.name} on {balancer.name}")
    for server, where in sorted(places.items()):
        says = f"{server} stands in the configuration of {listed(where)} and is not there: a reload brings it back."
        yield info("server-only-in-config", server, says)


def weight_not_in_config(snapshot: Snapshot) -> Iterator[Finding]:
    """Its weight was set at run time, and the next reload forgets it."""
    for server in snapshot.app_servers:
        differing = [e for e in _known(server) if e.written_weight is not None and e.written_weight != e.weight]
        if differing:
            written = grouped(
                {f"{e.backend} on {e.balancer}": f"has {e.weight}, not {e.written_weight}" for e in differing}
            )
            says = f"The weight of {server.name} is not the one in the configuration: {written}. A reload changes it."
            yield info("weight-not-in-config", server.name, says)


def _known(server: AppServer) -> list[PoolMember]:
    return [entry for entry in server.pools if entry.known]


def places(entries: Iterable[PoolMember]) -> str:
    """`app on lb1 and web on lb1`."""
    return listed(f"{entry.backend} on {entry.balancer}" for entry in entries)


def _line(snapshot: Snapshot, entry: PoolMember) -> str:
    pool = snapshot.backend(entry.balancer, entry.backend)
    return pool.line_of(entry.server, entry.address, entry.weight) if pool else f"{entry.server} {entry.address}"


DIAGNOSES: tuple[Diagnosis, ...] = (
    drain_lost,
    pool_membership,
    weights_differ,
    server_not_in_config,
    server_only_in_config,
    weight_not_in_config,
)
