"""The replica set of a world: who is in it, who leads it, and what tests do to it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from console.cluster.snapshot import Health, SpareMember
from console.cluster.views import MemberConfig

MEMBERS = ("db1", "db2", "db3")
SPARES = ("db4",)


def address_of(member: str) -> str:
    """Where a member is, as the replica set writes it."""
    return f"{member}:27017"


def name_of(address: str) -> str:
    """The member at an address."""
    return address.partition(":")[0]


def empty_spare(name: str) -> SpareMember:
    """A prepared member as it should be: empty, of the right version, and reached by everybody."""
    return SpareMember(
        name=name,
        address=address_of(name),
        health=Health.UP,
        awaits_config=True,
        version="memory",
        compatibility="memory",
        clock_skew_s=0.0,
        process_id=name,
        empty=True,
        former=False,
        reached_by=tuple((member, True) for member in MEMBERS),
    )


@dataclass(slots=True)
class Members:
    """Three members and a spare one, all mutable."""

    health: dict[str, Health] = field(default_factory=dict)
    """What is not up; anything that is missing is."""
    lag_s: dict[str, float] = field(default_factory=dict)
    config: tuple[MemberConfig, ...] = tuple(MemberConfig(address=address_of(name)) for name in MEMBERS)
    config_version: int = 1
    spares: dict[str, SpareMember] = field(default_factory=lambda: {name: empty_spare(name) for name in SPARES})
    sync_s: float = 0.05
    """How long a new member copies; without an end when it is infinite."""
    syncing: set[str] = field(default_factory=set)
    frozen: dict[str, int] = field(default_factory=dict)
    """For how many seconds each frozen member was."""
    set_refuses: str = ""
    """The words in which it refuses to be reconfigured."""
    set_loses_answers: bool = False
    set_applies: bool = True
    """Whether a reconfiguration whose answer is lost has happened."""
    primary: str | None = "db1"
    term: int = 1
    elected_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    election_s: float = 0.02
    takeover_s: float = 10.0
    """After which a member of higher priority than the Primary takes the role over."""
    step_down_applies: bool = True
    step_down_answers: bool = True
    _followers: set[asyncio.Event] = field(default_factory=set)

    def kill(self, name: str) -> None:
        """It is dead: connections are refused."""
        self._become(name, Health.DOWN)

    def pause(self, name: str) -> None:
        """It accepts connections and does not answer."""
        self._become(name, Health.UNKNOWN)

    def revive(self, name: str) -> None:
        """It answers again; a member comes back as a secondary."""
        self._become(name, Health.UP)

    def lag(self, member: str, seconds: float) -> None:
        """It is so far behind the Primary."""
        self.lag_s[member] = seconds
        self._tell()

    def lose_step_down_answer(self, *, applied: bool) -> None:
        """From now on no answer to a step-down arrives, whether it happened or not."""
        self.step_down_answers = False
        self.step_down_applies = applied

    @property
    def members(self) -> tuple[str, ...]:
        """Whoever stands in the configuration."""
        return tuple(name_of(line.address) for line in self.config)

    def line(self, name: str) -> MemberConfig | None:
        """A member's line of the configuration."""
        return next((line for line in self.config if line.address == address_of(name)), None)

    def configure(self, lines: Iterable[MemberConfig]) -> None:
        """From now on this is the configuration; who joins copies first, and counts only then."""
        was = self.members
        self.config = tuple(replace(line, newly_added=line.newly_added or self._joins(line, was)) for line in lines)
        self.config_version += 1
        for name in self.members:
            if name not in was:
                self.syncing.add(name)
                if self.sync_s != float("inf"):
                    asyncio.get_running_loop().call_later(self.sync_s, self._synced, name)
        for name in self.spares.keys() & set(was) - set(self.members):
            self.spares[name] = replace(self.spares[name], empty=False, former=True)
        leads = self.line(self.primary) if self.primary else None
        if leads is None or any(line.priority > leads.priority for line in self.config if self._able(line)):
            after_s = self.takeover_s if leads else self.election_s
            asyncio.get_running_loop().call_later(after_s, self._elect_by_priority)
        self._tell()

    def lose_set_answers(self, *, applied: bool) -> None:
        """From now on no answer to a reconfiguration or a freeze arrives, whether it happened or not."""
        self.set_loses_answers, self.set_applies = True, applied

    @property
    def has_majority(self) -> bool:
        """Enough votes are up to elect."""
        voters = [line for line in self.config if line.votes and not line.newly_added]
        return 2 * sum(self.up(name_of(line.address)) for line in voters) > len(voters)

    def up(self, name: str) -> bool:
        """It answers."""
        return self.health.get(name, Health.UP) is Health.UP

    def successor(self, old: str | None, catch_up_s: float) -> str | None:
        """Who is elected after `old`, as MongoDB does it; None when nobody can be.

        Of those that have caught up first: the highest priority, then the first in the configuration.
        """
        if not self.has_majority:
            return None
        able = {name_of(line.address): line.priority for line in self.config if self._able(line)}
        near = [m for m in able if m != old and self.lag_s.get(m, 0.0) <= catch_up_s]
        return min(near, key=lambda m: (self.lag_s.get(m, 0.0), -able[m]), default=None)

    async def hand_over(self, successor: str) -> None:
        """As long as an election takes there is no Primary, then there is one in the next term."""
        self.primary = None
        self._tell()
        await asyncio.sleep(self.election_s)
        self._elect(successor)

    def follow(self) -> asyncio.Event:
        """An event that is set at every change, until `unfollow`."""
        event = asyncio.Event()
        self._followers.add(event)
        return event

    def unfollow(self, event: asyncio.Event) -> None:
        """Tell that one nothing more."""
        self._followers.discard(event)

    def _become(self, name: str, health: Health) -> None:
        self.health[name] = health
        if name == self.primary and health is not Health.UP:
            self.primary = None
        if name in self.members and self.primary is None:
            asyncio.get_running_loop().call_later(self.election_s, self._elect_any)
        self._tell()

    def _elect_any(self) -> None:
        successor = self.successor(None, float("inf"))
        if self.primary is None and successor is not None:
            self._elect(successor)

    def _able(self, line: MemberConfig) -> bool:
        name = name_of(line.address)
        free = name not in self.syncing and name not in self.frozen and not line.newly_added
        return line.votes > 0 and line.priority > 0 and free and self.up(name)

    def _joins(self, line: MemberConfig, was: tuple[str, ...]) -> bool:
        return line.votes > 0 and name_of(line.address) not in was

    def _synced(self, name: str) -> None:
        self.syncing.discard(name)
        self.config = tuple(
            replace(line, newly_added=False) if name_of(line.address) == name else line for line in self.config
        )
        self.config_version += 1
        self._tell()

    def _elect_by_priority(self) -> None:
        best, leads = self.successor(None, float("inf")), self.line(self.primary) if self.primary else None
        ahead = self.line(best) if best else None
        if best and ahead and (leads is None or ahead.priority > leads.priority):
            self._elect(best)

    def _elect(self, name: str) -> None:
        self.primary, self.term, self.elected_at = name, self.term + 1, datetime.now(UTC)
        self._tell()

    def _tell(self) -> None:
        for event in self._followers:
            event.set()
