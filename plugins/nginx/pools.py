"""Upstreams and their servers as the console names them."""

from console.cluster.snapshot import Admin, Backend, Health, PoolMember

from .upstreams import ServerLine, Upstream

NO_DRAIN = "nginx has no drain"
NOTES = ("nginx tells no sessions, requests and errors of a server: its own health and pace alone are watched.",)


def backend_of(upstream: Upstream) -> Backend:
    """How a server joins: as the first one that is no backup."""
    like = next((line for line in upstream.servers if not line.backup), upstream.servers[0])
    return Backend(
        name=upstream.name, refuses_drain=NO_DRAIN, options=like.options, notes=NOTES, checks=False, lasts=True
    )


def pool_member(balancer: str, upstream: Upstream, name: str, line: ServerLine) -> PoolMember:
    """What its line says; nothing is known of its sessions, requests and errors."""
    return PoolMember(
        balancer=balancer,
        backend=upstream.name,
        server=name,
        admin=Admin.MAINT if line.down else Admin.READY,
        check=Health.UNKNOWN,
        check_says="nginx checks nobody but by the requests that fail",
        weight=line.weight,
        sessions=None,
        queue=0,
        address=line.address,
        sticky=upstream.sticky,
        checked=False,
        limit=line.limit,
        errors=None,
        requests=None,
        dynamic=False,
        written_weight=line.weight,
        options=line.options,
        backup=line.backup,
    )
