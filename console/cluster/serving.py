"""Who takes traffic, backend by backend."""

from console.cluster.snapshot import AppServer, Health, PoolMember, Snapshot

Entry = tuple[AppServer, PoolMember]
"""A server, and its place in one backend of one balancer."""


def serves(server: AppServer, pool: PoolMember) -> bool:
    """It takes traffic from this backend and is healthy by its own word."""
    return server.health is Health.UP and pool.serving


def pools_known(snapshot: Snapshot) -> dict[tuple[str, str], list[Entry]]:
    """The entries of every (balancer, backend) whose balancer answers."""
    # A balancer that does not answer is not counted: neither what it serves nor what it does not.
    pools: dict[tuple[str, str], list[Entry]] = {}
    for server in snapshot.app_servers:
        for pool in server.pools:
            if pool.known:
                pools.setdefault((pool.balancer, pool.backend), []).append((server, pool))
    return pools
