"""The reference: what may be done to a cluster, from MongoDB's and HAProxy's documented rules alone.

Written apart from the program that it judges: it imports nothing of it, and knows only abstract states. The rules:

- An election needs a majority of the votes of the configuration, dead members included; a member that was newly added
  has no vote yet. (MongoDB manual, Replica Set Elections)
- A majority write needs min(majority, voting members with data) of those members. (replSetGetStatus,
  writeMajorityCount)
- Primary can be who is up, in state SECONDARY or PRIMARY, votes, has a priority above 0, and is neither an arbiter nor
  hidden.
- A Primary steps down only when a majority of the voting members with data has its newest writes, and when one other
  electable member has them. (replSetStepDown; isSafeToStepDown in the server's source)
- A new configuration needs one Primary and a majority to take it. The Primary can neither be removed from it nor get
  priority 0, and each removal changes the votes that a majority needs. (MongoDB manual, replSetReconfig)
- A balancer sends traffic to a server that is ready, whose check has not failed and whose weight is above 0, to a
  backup when no other is left; whoever is pinned by a cookie or table stays with a server that drains. In maintenance
  it gets no traffic at all. (HAProxy management guide, set server state)
- A member that joins must be reached by every other; a set has at most seven votes, and one is added at a time.
- A forced configuration is for a set that has lost its majority, and only with the members that are known to be left.
  (MongoDB manual, Reconfigure a Replica Set with Unavailable Members)
- Planned maintenance of a member: every other voting member is healthy and has caught up, a majority is left without
  it, and a Primary steps down first. (MongoDB manual, Perform Maintenance on Replica Set Members)
- Unknown is not healthy, and may yet be what carries the service: so it never counts as the one that is left, and
  always as one whose loss matters. What was seen too long ago counts as unknown.
"""

from dataclasses import dataclass

from tests.model.states import B, M, Place, S, State

YES = ""
"""Nothing speaks against it; anything else is the reason why not."""
MOST_VOTERS = 7


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a set."""

    votes: int
    majority: int
    copies: int
    write_majority: int
    electable: int

    @property
    def takes_writes(self) -> bool:
        """A Primary can be elected and a majority write acknowledged."""
        return 0 < self.majority <= self.votes and self.copies >= self.write_majority and self.electable > 0


def step_down(state: State, _: int) -> str:
    """May the Primary be asked to step down?"""
    members = state.members
    if len(state.primaries) != 1:
        return f"{len(state.primaries)} members take writes"
    (primary,) = state.primaries
    if not members[primary].lately:
        return "the Primary was not seen lately"
    if state.operable is not True:
        return "our credentials may not"
    others = [m for number, m in enumerate(members) if number != primary]
    if sum(m.up and m.lately for m in members if _votes(m)) < _majority(members):
        return "no majority of the votes is up"
    if not any(_may_lead(m) and m.newest and m.lately and m.heard for m in others):
        return "nobody can take over"
    caught_up = sum(m.up and m.newest and m.lately for m in members if _copies(m))
    if caught_up < _write_majority(members):
        return "no majority has the newest writes"
    return YES


def drain(state: State, target: int) -> str:
    """May the balancers be told to send the server no new traffic?"""
    return _balancers(state, target) or _others_left(state, target, _takes_new)


def maint(state: State, target: int) -> str:
    """May the server be taken out of every pool?"""
    return _balancers(state, target) or _others_left(state, target, _carries)


def ready(state: State, target: int) -> str:
    """May the balancers be told to send traffic to the server?"""
    server = state.servers[target]
    healthy = server.says == "up" and server.lately
    return _balancers(state, target) or (YES if healthy else "it is not known to be healthy")


def turn_member(state: State, target: int) -> str:
    """May the member be away for some minutes, planned, and come back?"""
    members = state.members
    away = members[target]
    if not away.up:
        return "it is away already"
    if not away.votes and not away.priority:
        return YES  # nobody counts on it
    if not away.lately:
        return "how it is was not seen lately"
    if away.recovering or away.arbiter:
        return "it is not a secondary or the Primary now"
    if target in state.primaries and (why := step_down(state, 0)):
        return why
    if len(state.primaries) != 1 or not members[state.primaries[0]].lately:
        return "there is not one Primary"
    others = [m for number, m in enumerate(members) if number != target]
    if not all(m.up and m.lately and (m.newest or m.arbiter) for m in others if _votes(m)):
        return "not every other voter is healthy and caught up"
    return YES if _left(members, {target}).takes_writes else "writes would stop"


def remove_member(state: State, target: int) -> str:
    """May the member be taken out of the configuration?"""
    if why := _reconfigure(state) or _not_primary(state, target):
        return why
    kept = tuple(m for number, m in enumerate(state.members) if number != target)
    followers = [m for number, m in enumerate(state.members) if number not in (target, *state.primaries)]
    seen = [m for m in kept if m.up and m.lately]
    if sum(map(_votes, seen)) < _majority(kept):
        return "no majority of the votes that stay is up"
    if sum(map(_copies, seen)) < _write_majority(kept):
        return "no majority write would be acknowledged"
    last = _may_lead(state.members[target]) and state.members[target].newest
    if last and not any(_may_lead(m) and m.newest and m.lately for m in followers):
        return "it is the last that could follow the Primary"
    return YES


def never_primary(state: State, target: int) -> str:
    """May the member be given priority 0?"""
    return _reconfigure(state) or _not_primary(state, target)


def freeze(state: State, target: int) -> str:
    """May the member be told not to stand for election for a while, or to stand again?"""
    member = state.members[target]
    if state.operable is not True:
        return "our credentials may not"
    if target in state.primaries or not (member.up and member.lately) or member.arbiter or member.recovering:
        return "it is not a secondary now"
    return YES


def add_secondary(state: State, _: int) -> str:
    """May a prepared member, good in itself, join with a vote?"""
    members = state.members
    if why := _reconfigure(state):
        return why
    if any(m.newly_added for m in members):
        return "one that was added before has no vote yet"
    if not all(m.up and m.lately and not m.recovering for m in members):
        return "not every member is there to reach it"
    return YES if sum(map(_votes, members)) < MOST_VOTERS else "a set has at most seven votes"


def force_reconfigure(state: State, target: int) -> str:
    """May the member be made to go on with those that answer, and without the others?"""
    survivor = state.members[target]
    answer = [m for m in state.members if m.up and m.lately]
    if state.operable is not True:
        return "our credentials may not"
    if state.primaries or sum(map(_votes, answer)) >= _majority(state.members):
        return "nothing has to be forced"
    if survivor not in answer or survivor.arbiter or survivor.recovering:
        return "it is not a secondary that answers"
    if len(answer) == len(state.members):
        return "nobody is lost"
    if any(m.up and not m.lately for m in state.members):
        return "one was not asked lately, and may be there"
    return YES if any(m.votes and m.priority and not m.arbiter for m in answer) else "nobody could lead"


def add_server(state: State, _: int) -> str:
    """May a prepared server, healthy by its own word, join every pool?"""
    if not any(server.places for server in state.servers):
        return "there is no pool"
    return YES if _changeable(state) else "not every balancer can be changed"


def turn_server(state: State, target: int) -> str:
    """May the server be taken out of every pool, be away, and come back?"""
    return maint(state, target) if state.servers[target].places else YES


def grade_of_lost_member(state: State, target: int) -> str:
    """`safe`, `degraded` or `unsafe`: the member goes away and stays in the configuration."""
    return _grade_of_set(state, lambda gone: _left(state.members, {target} | gone), {target})


def grade_of_removed_member(state: State, target: int) -> str:
    """`safe`, `degraded` or `unsafe`: the member leaves the configuration."""
    kept = tuple(m for number, m in enumerate(state.members) if number != target)

    def left(gone: frozenset[int]) -> Left:
        return _left(kept, {number - (number > target) for number in gone if number != target})

    return _grade_of_set(state, left, {target})


def grade_of_lost_server(state: State, target: int) -> str:
    """`safe`, `degraded` or `unsafe`: the server takes no traffic any more."""
    servers = range(len(state.servers))
    if not _served(state, frozenset({target})):
        return "unsafe"
    if not all(_served(state, frozenset({target, other})) for other in servers):
        return "degraded"
    for domain in _domains(state):
        gone = frozenset(number for number in servers if state.servers[number].domain == domain)
        dead = frozenset(f"lb{n + 1}" for n, b in enumerate(state.balancers) if b.domain == domain)
        if _served(state, gone, dead) and not _served(state, gone | {target}, dead):
            return "degraded"
    return "safe"


def _grade_of_set(state: State, left, target: set[int]) -> str:  # type: ignore[no-untyped-def]
    if not left(frozenset()).takes_writes:
        return "unsafe"
    if not all(left(frozenset({other})).takes_writes for other, m in enumerate(state.members) if m.up):
        return "degraded"
    for domain in _domains(state):
        gone = frozenset(number for number, m in enumerate(state.members) if m.domain == domain)
        if _left(state.members, set(gone)).takes_writes and not left(gone).takes_writes:
            return "degraded"
    return "safe"


def _left(members: tuple[M, ...], gone: set[int] | frozenset[int]) -> Left:
    alive = [m for number, m in enumerate(members) if number not in gone and m.up]
    return Left(
        votes=sum(map(_votes, alive)),
        majority=_majority(members),
        copies=sum(map(_copies, alive)),
        write_majority=_write_majority(members),
        electable=sum(_may_lead(m) and m.newest for m in alive),
    )


def _votes(member: M) -> bool:
    return member.votes and not member.newly_added


def _copies(member: M) -> bool:
    return _votes(member) and not member.arbiter


def _majority(members: tuple[M, ...]) -> int:
    votes = sum(map(_votes, members))
    return votes // 2 + 1


def _write_majority(members: tuple[M, ...]) -> int:
    return min(_majority(members), sum(map(_copies, members)))


def _may_lead(member: M) -> bool:
    full = _copies(member) and not member.hidden and not member.recovering
    return member.up and full and member.priority


def _reconfigure(state: State) -> str:
    members = state.members
    if len(state.primaries) != 1 or not members[state.primaries[0]].lately:
        return "there is not one Primary"
    if state.operable is not True:
        return "our credentials may not"
    if sum(m.up and m.lately for m in members if _votes(m)) < _majority(members):
        return "no majority is up to take the new configuration"
    return YES


def _not_primary(state: State, target: int) -> str:
    return "it is the Primary" if target in state.primaries else YES


def _balancers(state: State, target: int) -> str:
    if not state.servers[target].places:
        return "it stands in no pool"
    return YES if _changeable(state) else "not every balancer can be changed"


def _changeable(state: State) -> bool:
    return all(balancer.up and balancer.lately and balancer.writable is True for balancer in state.balancers)


def _others_left(state: State, target: int, concerned) -> str:  # type: ignore[no-untyped-def]
    for place in state.servers[target].places:
        if not concerned(place):
            continue
        others = (other for number, other in enumerate(state.servers) if number != target)
        if not any(_serves(other, place.balancer, place.backend) and other.lately for other in others):
            return f"nobody else serves {place.backend} on {place.balancer}"
    return YES


def _takes_new(place: Place) -> bool:
    return place.admin == "ready" and place.check != "down" and place.weight > 0


def _carries(place: Place) -> bool:
    pinned = place.sticky and place.admin != "maint" and place.check != "down"
    return _takes_new(place) or pinned


def _serves(server: S, balancer: str, backend: str) -> bool:
    here = (place for place in server.places if (place.balancer, place.backend) == (balancer, backend))
    return server.says == "up" and any(map(_takes_new, here))


def _served(state: State, gone: frozenset[int], dead: frozenset[str] = frozenset()) -> bool:
    """Somebody serves every backend of every balancer that answers, and there is one."""
    answering = {f"lb{number + 1}" for number, b in enumerate(state.balancers) if b.up} - dead
    backends = {(p.balancer, p.backend) for s in state.servers for p in s.places if p.balancer in answering}
    left = [server for number, server in enumerate(state.servers) if number not in gone]
    return bool(backends) and all(any(_serves(server, *where) for server in left) for where in backends)


def _domains(state: State) -> set[str]:
    things: tuple[M | S | B, ...] = (*state.members, *state.servers, *state.balancers)
    return {thing.domain for thing in things} - {""}
