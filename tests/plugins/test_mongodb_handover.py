"""The lead-in of a step-down: who is asked to replicate from whom, and when that counts as had."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from bson import Timestamp
from pymongo.errors import AutoReconnect, OperationFailure

from plugins.mongodb import handover
from plugins.mongodb.handover import Follower, line_up
from plugins.mongodb.member import Client

SLIP_S = 0.02
"""How long a member names a source that turns out not to be ahead of it."""


def turns(mongod: "Mongod", source: str) -> None:
    mongod.source = source


def slips(mongod: "Mongod", source: str) -> None:
    """The first time nobody is ahead of it."""
    mongod.source, mongod.lets_go_at_s = source, time.monotonic() + SLIP_S
    mongod.asked = turns


def refuses(mongod: "Mongod", source: str) -> None:
    raise OperationFailure("I cannot reach the requested member", 6)


def ignores(mongod: "Mongod", source: str) -> None:
    pass


@dataclass
class Mongod:
    """One member as its operator's client sees it."""

    name: str
    source: str = ""
    asked: Callable[["Mongod", str], None] = turns
    lets_go_at_s: float | None = None
    stands_until_s: float = 0.0
    dead: bool = False
    set: "Set | None" = None

    @property
    def admin(self) -> "Mongod":
        return self

    async def command(self, name: str, source: str = "", **_: object) -> dict[str, Any]:
        assert self.set
        if self.dead:
            raise AutoReconnect("connection closed")
        if name == "replSetSyncFrom":
            if self.source == source:
                self.set.stand_still.append(self.name)
            else:
                self.set.asked.append((self.name, source))
                self.asked(self, source)
            return {"ok": 1.0}
        if name == "appendOplogNote":
            assert self is self.set.primary
            self.set.noted_at_s = time.monotonic()
            return {"ok": 1.0}
        if name == "replSetGetConfig":
            return {"config": {"settings": {"chainingAllowed": self.set.chaining}}}
        assert name == "replSetGetStatus"
        now_s = time.monotonic()
        if self.lets_go_at_s is not None and now_s > self.lets_go_at_s:
            self.source, self.lets_go_at_s = "", None
        self.set.written += self is self.set.primary
        written = 0 if now_s < self.stands_until_s else self.set.written
        return {
            "syncSourceHost": self.source,
            "optimes": {"appliedOpTime": {"ts": Timestamp(1, written), "t": 7}},
            "writeMajorityCount": (1 + len(self.set.others)) // 2 + 1,
        }


@dataclass
class Set:
    """A Primary db1 that is written to whenever it is looked at, and the others."""

    others: list[Mongod]
    chaining: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    stand_still: list[str] = field(default_factory=list)
    """Those that were asked for what they do."""
    noted_at_s: float = 0.0
    primary: Mongod = field(default_factory=lambda: Mongod("db1"))
    written: int = 0

    def __post_init__(self) -> None:
        for mongod in (self.primary, *self.others):
            mongod.set = self

    async def line_up(self) -> dict[str, str]:
        """db2 from the Primary, the others from db2; what they replicate from in the end."""
        followers = [
            Follower(address=m.name, source="db2" if m.name != "db2" else "db1", client=cast(Client, m))
            for m in self.others
        ]
        await line_up(cast(Client, self.primary), followers)
        return {m.name: m.source for m in self.others}


@pytest.fixture(autouse=True)
def short_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "STANDING_S", 0.2)


async def test_whoever_follows_already_is_not_asked() -> None:
    three = Set([Mongod("db2", "db1"), Mongod("db3", "db2")])
    await three.line_up()
    assert three.asked == []


async def test_a_follower_is_turned_from_the_primary_to_the_successor() -> None:
    three = Set([Mongod("db2", "db1"), Mongod("db3", "db1")])
    assert await three.line_up() == {"db2": "db1", "db3": "db2"}
    assert three.asked == [("db3", "db2")]


async def test_one_that_lets_go_of_its_source_after_milliseconds_is_asked_again() -> None:
    three = Set([Mongod("db2", "db1"), Mongod("db3", "db1", asked=slips)])
    assert (await three.line_up())["db3"] == "db2"
    assert three.asked == [("db3", "db2")] * 2


async def test_nobody_turns_to_the_successor_before_it_has_turned_itself() -> None:
    three = Set([Mongod("db2", "db3", asked=slips), Mongod("db3", "db1")])
    assert await three.line_up() == {"db2": "db1", "db3": "db2"}
    assert three.asked == [("db2", "db1"), ("db2", "db1"), ("db3", "db2")]


async def test_no_circle_is_made_when_the_successor_does_not_turn() -> None:
    three = Set([Mongod("db2", "db3", asked=refuses), Mongod("db3", "db1")])
    assert await three.line_up() == {"db2": "db3", "db3": "db1"}
    assert three.asked == [("db2", "db1")]


async def test_those_that_others_lean_on_turn_last() -> None:
    five = Set([Mongod("db2", "db1"), Mongod("db3", "db1"), Mongod("db4", "db3"), Mongod("db5", "db3")])
    assert await five.line_up() == {"db2": "db1", "db3": "db2", "db4": "db2", "db5": "db2"}
    assert five.asked == [("db4", "db2"), ("db5", "db2"), ("db3", "db2")]


async def test_when_all_take_too_long_those_that_a_majority_needs_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "ENOUGH_S", 0.0)
    five = Set([Mongod("db2", "db1"), Mongod("db3", "db1"), Mongod("db4", "db1"), Mongod("db5", "db1")])
    assert await five.line_up() == {"db2": "db1", "db3": "db2", "db4": "db2", "db5": "db1"}


@pytest.mark.parametrize("broken", [{"asked": refuses}, {"dead": True}])
async def test_one_that_cannot_be_turned_is_left_out(broken: dict[str, Any]) -> None:
    five = Set([Mongod("db2", "db1"), Mongod("db3", "db1", **broken), Mongod("db4", "db1"), Mongod("db5", "db1")])
    assert await five.line_up() == {"db2": "db1", "db3": "db1", "db4": "db2", "db5": "db2"}


async def test_one_that_names_its_source_and_stands_still_is_waited_for_and_not_asked() -> None:
    until_s = time.monotonic() + 0.5
    three = Set([Mongod("db2", "db1"), Mongod("db3", "db2", stands_until_s=until_s)])
    await three.line_up()
    assert time.monotonic() > until_s
    assert three.asked == []


async def test_where_members_may_not_chain_nobody_is_asked() -> None:
    three = Set([Mongod("db2", "db1"), Mongod("db3", "db1")], chaining=False)
    await three.line_up()
    assert three.asked == []


async def test_the_lead_in_ends_in_time_and_never_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "LEAD_IN_S", 0.5)
    three = Set([Mongod("db2", "db1"), Mongod("db3", "db1", asked=ignores)])
    began_s = time.monotonic()
    assert (await three.line_up())["db3"] == "db1"
    assert time.monotonic() - began_s < 3
    three.primary.dead = True
    await three.line_up()


async def test_those_a_majority_can_do_without_stand_still_until_the_primary_steps_down() -> None:
    five = Set([Mongod("db2", "db1"), Mongod("db3", "db2"), Mongod("db4", "db2"), Mongod("db5", "db2")])
    began_s = time.monotonic()
    await five.line_up()
    assert five.stand_still == ["db3", "db4"]
    assert began_s < five.noted_at_s <= time.monotonic() - 0.15, "the step-down comes well into their second"


async def test_nobody_stands_still_whom_a_majority_needs() -> None:
    four = Set([Mongod("db2", "db1"), Mongod("db3", "db2"), Mongod("db4", "db1", dead=True)])
    await four.line_up()
    assert four.stand_still == []
    assert not four.noted_at_s


async def test_the_successor_never_stands_still() -> None:
    three = Set([Mongod("db2", "db1"), Mongod("db3", "db2")])
    await three.line_up()
    assert three.stand_still == ["db3"]
