"""The way of a request, and what is lost with each failure domain; who contradicts whom about one node. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from console.cluster.diagnoses.app import contradicting
from console.cluster.finding import grouped, listed
from console.cluster.snapshot import Admin, AppServer, Balancer, Health, Member, PeerView, Snapshot
from console.cluster.standing import quorum, serves, serving
from console.cluster.suppose import set_without

Placed = TypeVar("Placed", Balancer, AppServer, Member)
STANDS = {(True, True): "service and writes go on", (True, False): "writes stop", (False, True): "service stops"}
"""(service, writes), both of which go on before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One failure domain: what stands in it, and what is left when all of it is lost at once."""

    name: str
    balancers: tuple[str, ...] = ()
    app_servers: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    service: bool | None = None
    """Clients are still served; None where they are not now, or where that is not known."""
    writes: bool | None = None
    """A Primary can still be elected and acknowledge writes; None where it cannot now, or where that is not known."""
    says: str = ""

    @property
    def outlasted(self) -> bool | None:
        """All that goes on now goes on without it; None where nothing does."""
        known = [one for one in (self.service, self.writes) if one is not None]
        return all(known) if known else None


def domains(snapshot: Snapshot) -> tuple[Domain, ...]:
    """Every failure domain by its name; what has none stands last, and is not lost together."""
    there: set[str] = {one.domain for one in snapshot.balancers}
    there |= {one.domain for one in snapshot.app_servers} | {one.domain for one in snapshot.replica_set.members}
    return tuple(_domain(snapshot, name) for name in sorted(there, key=lambda name: (not name, name)))


def in_domains(things: tuple[Placed, ...]) -> list[Placed]:
    """In the order of their domains, so that those which are lost together stand together."""
    return sorted(things, key=lambda thing: (not thing.domain, thing.domain))


def sends_to(snapshot: Snapshot, balancer: Balancer) -> tuple[int, int]:
    """(application servers that it sends traffic to and that are healthy, all that stand in its pools)."""
    there = [(s, [p for p in s.pools if p.balancer == balancer.name]) for s in snapshot.app_servers]
    serving_there = sum(any(serves(server, pool) for pool in pools) for server, pools in there)
    return serving_there, sum(bool(pools) for _, pools in there)


def sync_source(snapshot: Snapshot, member: Member) -> str:
    """The name of the member that it copies from; empty when it copies from none."""
    return _named(snapshot, member.sync_source) if member.sync_source else ""


def server_contradiction(snapshot: Snapshot, server: AppServer) -> str:
    """Who says otherwise of it: balancers, its own health, its database connection; empty while all agree."""
    says = []
    if differing := contradicting(server):
        who = listed(pool.balancer for pool in differing)
        word = "says" if len({pool.balancer for pool in differing}) == 1 else "say"
        says.append(f"{who} {word} {str(differing[0].check).upper()}, health says {str(server.health).upper()}")
    for backend in sorted({pool.backend for pool in server.pools}):
        admins: dict[str, object] = {p.balancer: p.admin for p in server.pools if p.known and p.backend == backend}
        if len(set(admins.values())) > 1:
            says.append(f"in {backend}: {grouped(admins)}")
    if server.database is Health.DOWN and snapshot.replica_set.primary is not None:
        says.append("it says that its database fails, the set has a Primary")
    if server.health is Health.DOWN and server.database is Health.UP and not differing:
        taken = [pool for pool in server.pools if pool.known and pool.admin is Admin.READY and pool.check is Health.UP]
        says += [f"{listed(pool.balancer for pool in taken)} still send to it"] if taken else []
    return "; ".join(says)


def member_contradiction(snapshot: Snapshot, member: Member) -> str:
    """Who says otherwise of it: its peers, and whom it takes for the Primary; empty while all agree."""
    says = [f"{peer} sees {_seen(view)}, {_itself(member)}" for peer, view in differing_peers(snapshot, member)]
    primary = snapshot.replica_set.primary
    if member.health is Health.UP and primary and member.believes_primary not in (None, primary.address):
        says.append(f"it takes {_named(snapshot, str(member.believes_primary))} for the Primary, {primary.name} leads")
    return "; ".join(says)


def differing_peers(snapshot: Snapshot, member: Member) -> Iterator[tuple[str, PeerView]]:
    """Peers that answer us and see this member as up or down otherwise than we do, or in another state."""
    answering = {peer.name for peer in snapshot.replica_set.members if peer.health is Health.UP}
    for peer, view in member.seen_by:
        differs = view.health is not member.health or (member.health is Health.UP and view.state != member.state)
        if peer in answering and differs:
            yield peer, view


def _domain(snapshot: Snapshot, name: str) -> Domain:
    balancers = tuple(one.name for one in snapshot.balancers if one.domain == name)
    servers = tuple(one.name for one in snapshot.app_servers if one.domain == name)
    members = tuple(one.name for one in snapshot.replica_set.members if one.domain == name)
    there = {"name": name, "balancers": balancers, "app_servers": servers, "members": members}
    if not name:
        return Domain(**there, says="in no failure domain: not lost together")  # type: ignore[arg-type]
    left, now = serving(snapshot, without=name), serving(snapshot)
    before, after = quorum(snapshot.replica_set), quorum(set_without(snapshot.replica_set, set(members)))
    service = left > 0 if now else None
    writes = after.writes_stand if before.writes_stand else None
    votes = f"{after.votes_up} of {snapshot.replica_set.votes} votes, {after.majority} needed"
    says = f"{_stands(service, writes)}: {left} of {len(snapshot.app_servers)} serve, {votes}"
    return Domain(**there, service=service, writes=writes, says=says)  # type: ignore[arg-type]


def _stands(service: bool | None, writes: bool | None) -> str:
    if service is not None and writes is not None:
        return STANDS.get((service, writes), "service and writes stop")
    if service is None and writes is None:
        return "not known to stand even now"
    if service is None:
        return f"service not known now, writes {'go on' if writes else 'stop'}"
    return f"service {'goes on' if service else 'stops'}, writes not known now"


def _seen(view: PeerView) -> str:
    return str(view.state) if view.health is Health.UP else str(view.health).upper()


def _itself(member: Member) -> str:
    if member.health is Health.UP:
        return f"it says {member.state}"
    return "it does not answer here" if member.health is Health.DOWN else "what it is is not known here"


def _named(snapshot: Snapshot, address: str) -> str:
    member = snapshot.member(address)
    return member.name if member else address
