"""What is wrong with the application servers and with their places in the pools."""

from collections.abc import Iterator

from console.cluster.finding import Diagnosis, critical, grouped, info, listed, warning
from console.cluster.snapshot import Admin, AppServer, Finding, Health, PoolMember, Snapshot
from console.cluster.standing import pools_known, serves
from console.cluster.text import count


def server_down(snapshot: Snapshot) -> Iterator[Finding]:
    """Its own health answer is bad."""
    for server in snapshot.app_servers:
        if server.health is Health.DOWN:
            yield warning("server-down", server.name, f"{server.name} is down by its own health: {_reason(server)}.")


def server_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """Its own health is not known."""
    for server in snapshot.app_servers:
        if server.health is Health.UNKNOWN:
            says = f"How {server.name} is by its own health is not known: {_reason(server)}."
            yield warning("server-unknown", server.name, says)


def opinions_differ(snapshot: Snapshot) -> Iterator[Finding]:
    """A balancer's check and the server's own health contradict each other."""
    for server in snapshot.app_servers:
        if differing := contradicting(server):
            who = _balancers(differing)
            word = "says" if len({pool.balancer for pool in differing}) == 1 else "say"
            own = "up" if server.health is Health.UP else _reason(server)
            says = f"{who} {word} {str(differing[0].check).upper()} of {server.name}, its own health says {own}."
            yield warning("opinions-differ", server.name, says)


def contradicting(server: AppServer) -> list[PoolMember]:
    """The places where a balancer's check says the contrary of the server's own health."""
    other = {Health.UP: Health.DOWN, Health.DOWN: Health.UP}.get(server.health)
    # In maintenance nothing is checked, so what stands there is old.
    return [p for p in _known(server) if p.checked and p.admin is not Admin.MAINT and p.check is other]


def pool_split(snapshot: Snapshot) -> Iterator[Finding]:
    """Balancers were asked for different states of one server."""
    for server in snapshot.app_servers:
        for backend in sorted({pool.backend for pool in _known(server)}):
            admins = {pool.balancer: pool.admin for pool in _known(server) if pool.backend == backend}
            if len(set(admins.values())) > 1:
                says = f"Balancers are out of step on {server.name} in {backend}: {grouped(admins)}."
                taken_out = Admin.MAINT if Admin.MAINT in admins.values() else Admin.DRAIN
                yield warning("pool-split", server.name, says, f"{taken_out} {server.name}")


def server_drained(snapshot: Snapshot) -> Iterator[Finding]:
    """Operators took it out of traffic everywhere."""
    for server in snapshot.app_servers:
        pools = _known(server)
        if pools and all(pool.admin is not Admin.READY for pool in pools):
            states = listed({str(pool.admin) for pool in pools})
            left = (
                "how many sessions are left is not known"
                if server.sessions is None
                else f"{count(server.sessions, 'session')} left"
            )
            says = f"{server.name} is in {states} on {_balancers(pools)}: {left}."
            yield info("server-drained", server.name, says, f"ready {server.name}")


def server_not_in_pool(snapshot: Snapshot) -> Iterator[Finding]:
    """A node with the role app that a balancer knows nothing of."""
    apps = {node.name for node in snapshot.nodes if "app" in node.roles}
    answering = {balancer.name for balancer in snapshot.balancers if balancer.health is Health.UP}
    for server in snapshot.app_servers:
        missing = answering - {pool.balancer for pool in server.pools}
        if server.name in apps and missing:
            says = f"{server.name} is in no pool of {listed(missing)}."
            yield warning("server-not-in-pool", server.name, says, f"add-server {server.name}")


def no_serving_server(snapshot: Snapshot) -> Iterator[Finding]:
    """A backend in which nobody can be serving."""
    for (balancer, backend), entries in pools_known(snapshot).items():
        # A server of unknown health that gets traffic may well answer: that is server-unknown.
        if not any(pool.serving and server.health is not Health.DOWN for server, pool in entries):
            says = f"No server serves {backend} on {balancer} (of {len(entries)}): its clients get no answer."
            yield critical("no-serving-server", f"{balancer}/{backend}", says)


def last_serving_server(snapshot: Snapshot) -> Iterator[Finding]:
    """A backend in which one server alone is known to serve."""
    alone: dict[str, list[str]] = {}
    for (balancer, backend), entries in pools_known(snapshot).items():
        serving = [server.name for server, pool in entries if serves(server, pool)]
        if len(serving) == 1:
            alone.setdefault(serving[0], []).append(f"{backend} on {balancer}")
    for name, places in alone.items():
        says = f"{name} alone is known to serve {listed(places)}: its loss would stop service there."
        yield warning("last-serving-server", name, says)


def check_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """A balancer sends traffic without ever asking how the server is."""
    for server in snapshot.app_servers:
        unchecked = [f"{pool.backend} on {pool.balancer}" for pool in _known(server) if not pool.checked]
        if unchecked:
            says = f"{server.name} has no health check in {listed(unchecked)}: it gets traffic even when dead."
            yield warning("check-missing", server.name, says)


def _known(server: AppServer) -> list[PoolMember]:
    return [pool for pool in server.pools if pool.known]


def _balancers(pools: list[PoolMember]) -> str:
    return listed(pool.balancer for pool in pools)


def _reason(server: AppServer) -> str:
    return server.reason or "no reason given"


DIAGNOSES: tuple[Diagnosis, ...] = (
    server_down,
    server_unknown,
    opinions_differ,
    pool_split,
    server_drained,
    server_not_in_pool,
    no_serving_server,
    last_serving_server,
    check_missing,
)
