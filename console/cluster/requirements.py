"""The minimum of a fault-tolerant deployment, each requirement a finding where it is not met."""

from collections.abc import Iterable, Iterator

from console.cluster.finding import Diagnosis, in_order, info, listed, warning
from console.cluster.snapshot import Finding, Health, Member, PoolMember, Snapshot

APP_SERVERS = 2
BALANCERS = 2
MEMBERS = 3


def check(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Every requirement that the deployment does not meet, or of which that cannot be seen."""
    return in_order(finding for requirement in REQUIREMENTS for finding in requirement(snapshot))


def app_servers(snapshot: Snapshot) -> Iterator[Finding]:
    """Two application servers or more stand behind a balancer."""
    count = sum(bool(server.pools) for server in snapshot.app_servers)
    if count < APP_SERVERS:
        says = f"{count} application servers stand behind a balancer; {APP_SERVERS} are needed to lose one."
        yield warning("requires-app-servers", snapshot.cluster, says)


def balancers(snapshot: Snapshot) -> Iterator[Finding]:
    """Two balancers or more; one alone is a single point of failure."""
    count = len(snapshot.balancers)
    if count < BALANCERS:
        says = f"There are {count} balancers and {BALANCERS} are needed: one alone is a single point of failure."
        yield warning("requires-balancers", snapshot.cluster, says)


def members(snapshot: Snapshot) -> Iterator[Finding]:
    """Three voting members or more hold the data."""
    count = sum(member.data_bearing for member in _voting(snapshot))
    if count < MEMBERS:
        says = f"{count} voting members hold the data; {MEMBERS} are needed to lose one and keep a majority."
        yield warning("requires-members", _set_name(snapshot), says)


def odd_votes(snapshot: Snapshot) -> Iterator[Finding]:
    """The number of votes is odd, so that no split leaves two equal halves."""
    votes = snapshot.replica_set.votes
    if votes and votes % 2 == 0:
        says = f"There are {votes} votes, an even number: a split into halves leaves no side with a majority."
        yield warning("requires-odd-votes", _set_name(snapshot), says)


def no_arbiter(snapshot: Snapshot) -> Iterator[Finding]:
    """No arbiter stands in for a member that holds the data."""
    for member in snapshot.replica_set.members:
        if member.arbiter:
            says = f"{member.name} is an arbiter: it votes and holds no data. Use a full member."
            yield warning("requires-no-arbiter", member.name, says)


def domains_declared(snapshot: Snapshot) -> Iterator[Finding]:
    """Every node says in the cluster file what it fails together with."""
    nameless = [node.name for node in snapshot.nodes if not node.domain]
    if nameless:
        says = f"No failure domain is declared for {listed(nameless)}: whether they fail together is not known."
        yield warning("requires-domains", snapshot.cluster, says)


def separate_domains(snapshot: Snapshot) -> Iterator[Finding]:
    """Members fail one by one, and application servers not all together."""
    for domain, names in _by_domain(_voting(snapshot)).items():
        if len(names) > 1:
            says = f"{listed(names)} are all in {domain}: they may fail together."
            yield warning("requires-separate-domains", _set_name(snapshot), says)
    declared = {server.domain for server in snapshot.app_servers if server.domain}
    if len(declared) == 1 and len(snapshot.app_servers) > 1:
        says = f"All application servers are in {listed(declared)}: they may fail together."
        yield warning("requires-separate-domains", snapshot.cluster, says)


def domain_loss(snapshot: Snapshot) -> Iterator[Finding]:
    """A majority of the votes is left after the loss of any one failure domain."""
    replica_set = snapshot.replica_set
    for domain, names in _by_domain(_voting(snapshot)).items():
        left = replica_set.votes - len(names)
        if left < replica_set.majority:
            says = (
                f"Without {domain} ({listed(names)}) {left} of {replica_set.votes} votes are left "
                f"and {replica_set.majority} are needed: writes would stop."
            )
            yield warning("requires-domain-loss", domain, says)


def health_checks(snapshot: Snapshot) -> Iterator[Finding]:
    """Every balancer checks every server, and looks at more than the status code."""
    for server in snapshot.app_servers:
        unchecked = [pool for pool in server.pools if not pool.checked]
        status_only = [pool for pool in server.pools if pool.checked and pool.check_reads_body is False]
        unseen = [pool for pool in server.pools if pool.checked and pool.check_reads_body is None]
        if unchecked:
            says = f"{server.name} has no health check in {_places(unchecked)}."
            yield warning("requires-health-check", server.name, says)
        if status_only:
            says = (
                f"The health check of {server.name} in {_places(status_only)} looks at the status code only, "
                "which may be 200 while the database does not answer."
            )
            yield warning("requires-check-of-body", server.name, says)
        if unseen:
            says = f"Whether the health check of {server.name} in {_places(unseen)} reads the body cannot be seen."
            yield info("requires-check-of-body", server.name, says)


def monitoring(snapshot: Snapshot) -> Iterator[Finding]:
    """The connection to every node is watched."""
    unseen = [node.name for node in snapshot.nodes if node.health is not Health.UP]
    if unseen:
        says = f"The hosts of {listed(unseen)} are not seen by this console."
        yield info("requires-monitoring", snapshot.cluster, says)


def _voting(snapshot: Snapshot) -> list[Member]:
    return [member for member in snapshot.replica_set.members if member.voting]


def _by_domain(things: Iterable[Member]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for thing in things:
        if thing.domain:
            names.setdefault(thing.domain, []).append(thing.name)
    return names


def _places(pools: list[PoolMember]) -> str:
    return listed(f"{pool.backend} on {pool.balancer}" for pool in pools)


def _set_name(snapshot: Snapshot) -> str:
    return snapshot.replica_set.name or "replica set"


REQUIREMENTS: tuple[Diagnosis, ...] = (
    app_servers,
    balancers,
    members,
    odd_votes,
    no_arbiter,
    domains_declared,
    separate_domains,
    domain_loss,
    health_checks,
    monitoring,
)
"""Every requirement there is."""
