"""What the pool actions share: where a server stands, and the checks before its balancers are touched."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median_low

from console.change.actions.offers import drains
from console.change.ops import EndSessions, Place, SetAdmin, Wait
from console.change.plan import Check, PlanError, Step
from console.change.proofs import AdminIs, NoSessions, Serves
from console.cluster.finding import listed
from console.cluster.fresh import FRESH_S, fresh, seen
from console.cluster.snapshot import Admin, AppServer, Backend, Health, PoolMember, Snapshot, all_sessions
from console.cluster.standing import pools_known, serves
from console.cluster.text import meant

IDLE_FOR_S = 1.0
"""How long no session may be seen before a server counts as drained."""
CHOICES = ("wait", "extend", "end-sessions", "undo")
"""What can be done when sessions are left at the deadline."""


def servers(snapshot: Snapshot) -> tuple[str, ...]:
    """The application servers that stand in a pool."""
    return tuple(server.name for server in snapshot.app_servers if server.pools)


def find(snapshot: Snapshot, name: str) -> AppServer:
    """The application server of that name. Raises PlanError with the nearest."""
    server = snapshot.app_server(name)
    if server is None:
        names = [server.name for server in snapshot.app_servers]
        raise PlanError(f"no application server '{name}'; {meant(name, names)}there are: {', '.join(names) or 'none'}")
    return server


def place(pool: PoolMember) -> Place:
    """Where a pool entry stands."""
    return Place(pool.balancer, pool.backend, pool.server)


def fingerprint(server: AppServer) -> tuple[tuple[str, str], ...]:
    """The state that a pool plan binds to."""
    return (
        (f"{server.name} health", str(server.health)),
        *((str(place(pool)), f"{pool.admin}, check {pool.check}") for pool in server.pools),
    )


def balancer_checks(snapshot: Snapshot, server: AppServer) -> tuple[Check, ...]:
    """Every balancer answers, lately, and lets us change it; the server stands in their pools."""
    stands = Check(
        says=f"{server.name} stands in a pool",
        ok=bool(server.pools),
        value=f"{len(server.pools)} places",
        limit="at least 1",
    )
    return (stands, *answering_checks(snapshot))


def answering_checks(snapshot: Snapshot) -> tuple[Check, ...]:
    """Every balancer answers, lately, and lets us change it."""
    checks = []
    for balancer in snapshot.balancers:
        up = balancer.health is Health.UP and fresh(balancer.age_s)
        checks.append(
            Check(
                says=f"{balancer.name} answers",
                ok=up,
                value=f"{balancer.health}, {seen(balancer.age_s)}"
                + (f": {balancer.reason}" if balancer.reason else ""),
                limit=f"up, seen within {FRESH_S:g} s",
            )
        )
        if up:
            why = balancer.writable_reason or "the socket is read-only"
            level = {True: "yes", False: f"no: {why}", None: "not known"}[balancer.writable]
            checks.append(
                Check(says=f"{balancer.name} lets us change it", ok=balancer.writable is True, value=level, limit="yes")
            )
    return tuple(checks)


def servers_checks(snapshot: Snapshot, places: Iterable[tuple[str, str]]) -> tuple[Check, ...]:
    """Each (balancer, backend) lets servers join and leave while it runs."""
    return _takes(snapshot, places, "servers", lambda backend: backend.refuses_servers)


def weights_checks(snapshot: Snapshot, places: Iterable[tuple[str, str]]) -> tuple[Check, ...]:
    """Each (balancer, backend) lets weights be set while it runs."""
    return _takes(snapshot, places, "weights", lambda backend: backend.refuses_weights)


def health_check(server: AppServer) -> Check:
    """It is well by its own word, and said so lately."""
    # A balancer that makes a server ready sends it traffic before its own first check: so we ask first.
    return Check(
        says=f"{server.name} is healthy by its own word",
        ok=server.health is Health.UP and fresh(server.age_s),
        value=f"{server.health}, {seen(server.age_s)}" + (f": {server.reason}" if server.reason else ""),
        limit=f"up, seen within {FRESH_S:g} s",
    )


def usual_weight(snapshot: Snapshot, balancer: str, backend: str, but: str) -> int:
    """The weight that the other servers have in a place, as their median; 1 where there is none."""
    others = [
        pool.weight
        for server in snapshot.app_servers
        for pool in server.pools
        if (pool.balancer, pool.backend) == (balancer, backend)
        and server.name != but
        and pool.weight > 0
        and not pool.backup
    ]
    return median_low(others) if others else 1


def capacity_check(snapshot: Snapshot, server: AppServer, asked: Admin = Admin.DRAIN) -> Check:
    """In every pool whose clients would lose this server, another is seen to serve, and lately."""
    known = pools_known(snapshot).values()
    pools = [pool for pool in known if any(s is server and _may_carry(p, asked) for s, p in pool)]
    others = [[s for s, p in pool if s is not server and serves(s, p)] for pool in pools]
    least = min((sum(fresh(s.age_s) for s in serving) for serving in others), default=None)
    old = {f"{s.name} {seen(s.age_s)}" for serving in others for s in serving if not fresh(s.age_s)}
    value = f"{server.name} serves in none" if least is None else f"{least} other{'s' * (least != 1)} serving"
    return Check(
        says=f"another server serves in every pool without {server.name}",
        ok=least is None or least >= 1,
        value=value + (f", not counting {listed(old)}" if old else ""),
        limit="at least 1 other",
    )


def _may_carry(pool: PoolMember, asked: Admin) -> bool:
    """Clients may be on it: whatever its own health says, unknown is not idle; in maintenance the pinned leave too."""
    pinned = pool.sticky and pool.admin is not Admin.MAINT and pool.check is not Health.DOWN
    return pool.serving or (asked is Admin.MAINT and pinned)


def sticky_notes(server: AppServer) -> tuple[str, ...]:
    """What a drain will not stop: clients that a cookie or table pins to the server."""
    pinned = [pool for pool in server.pools if pool.sticky]
    if not pinned:
        return ()
    where = ", ".join(sorted({f"{pool.backend} on {pool.balancer}" for pool in pinned}))
    now = all_sessions(pinned)
    return (
        f"Sticky sessions in {where}: a client with a cookie for {server.name} keeps coming to it while it drains "
        f"({'not known how many' if now is None else now} sessions now). Only maint moves such clients to another "
        "server.",
    )


def taken_out(snapshot: Snapshot, server: AppServer, deadline_s: float) -> tuple[Step, ...]:
    """Into maintenance on all balancers or on none, drained and idle before where that can be had; nothing where it is
    in maintenance already.
    """
    maintained = set_admin(server.pools, Admin.MAINT, f"put {server.name} into maintenance on every balancer")
    drained = drained_on(snapshot, server)
    waited = wait_idle(snapshot, server, [pool for pool in server.pools if drains(snapshot, pool)], deadline_s)
    return tuple(step for step in (drained, waited, maintained) if step) if maintained else ()


def drained_on(snapshot: Snapshot, server: AppServer) -> Step | None:
    """The step that drains every place that can be drained; None when all are drained already, or there is none."""
    draining = [pool for pool in server.pools if drains(snapshot, pool)]
    every = "every balancer" if len(draining) == len(server.pools) else listed(pool.balancer for pool in draining)
    if not draining and server.pools:
        return None
    return set_admin(draining, Admin.DRAIN, f"drain {server.name} on {every}")


def set_admin(pools: Sequence[PoolMember], admin: Admin, does: str) -> Step | None:
    """The step that brings these places to one state, or None when all are there already."""
    if pools and {pool.admin for pool in pools} == {admin}:
        return None
    after = tuple((place(pool), admin) for pool in pools)
    before = tuple((place(pool), pool.admin) for pool in pools)
    return Step(
        does=does,
        op=SetAdmin(after),
        proof=AdminIs(after),
        undo=SetAdmin(before, thorough=True),
        undone=AdminIs(before),
    )


def serves_again(server: AppServer) -> Serves:
    """The proof that it takes traffic in each of its places, by every check that there is."""
    unchecked = tuple(place(pool) for pool in server.pools if not pool.checked)
    return Serves(server.name, tuple(place(pool) for pool in server.pools), unchecked)


def wait_idle(snapshot: Snapshot, server: AppServer, pools: Sequence[PoolMember], deadline_s: float) -> Step | None:
    """The step that waits for the last session in these places, and asks what to do at the deadline.

    None where no place tells its sessions: what nobody sees is not waited for, and not taken for none.
    """
    told = [pool for pool in pools if pool.sessions is not None]
    if not told:
        return None
    ending = tuple(
        place(pool)
        for pool in told
        if (backend := snapshot.backend(pool.balancer, pool.backend)) is None or not backend.refuses_ending
    )
    places = tuple(place(pool) for pool in told)
    return Step(
        does=f"wait until no session is left on {server.name}",
        op=Wait(),
        proof=NoSessions(places),
        undo_says="a wait changes nothing",
        patience_s=deadline_s,
        steady_s=IDLE_FOR_S,
        asks=CHOICES if ending else tuple(choice for choice in CHOICES if choice != "end-sessions"),
        ends=EndSessions(ending) if ending else None,
    )


def _takes(
    snapshot: Snapshot, places: Iterable[tuple[str, str]], what: str, refuses: Callable[[Backend], str]
) -> tuple[Check, ...]:
    checks = []
    for name, backend in places:
        pool = snapshot.backend(name, backend)
        why = refuses(pool) if pool else "not known"
        checks.append(
            Check(says=f"{name} takes {what} in {backend} while it runs", ok=not why, value=why or "yes", limit="yes")
        )
    return tuple(checks)
