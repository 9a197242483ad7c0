"""The step-down of a Primary, and the replication sources that make it short.

A member whose sync source is no longer good enough chooses one that is ahead of it; where it knows of none, it stands
still for a second. After a step-down that is so for whoever replicated from the old Primary, and for the old Primary
itself. Majority writes go on at once only when enough others replicate from the new Primary by then.

And for some milliseconds the successor is no Primary yet and has no source any more: whoever asks it for more in that
time lets go of it. Who was asked for the source that it has stands still for a second too, but then goes on with it.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bson import Timestamp
from pymongo.errors import PyMongoError

from console.ports.protocols import Refused

from .configuration import Document
from .documents import term
from .errors import step_down_problem
from .member import Client

LEAD_IN_S = 6.0
"""How long the followers may take altogether, with one look more; the step-down comes then all the same."""
ENOUGH_S = 3.0
"""After this nobody more is asked than a majority needs; before it all are, for one may yet let go of its source."""
ASKS = 4
"""How often one member is asked: a question that comes while nobody is ahead costs it a second, the next one holds."""
ASK_AGAIN_S = 1.2
"""How long a member that seems to do nothing is left alone: it may stand still for a second."""
LOOK_EVERY_S = 0.03
SETTLE_S = 0.1
"""A member names its new source some milliseconds before it finds out that it is not ahead, and lets go of it."""
CATCH_UP_S = 0.15
"""By then a member that really replicates has what the Primary had."""
STANDING_S = 0.75
"""How far into their second those that stand still are when the Primary steps down: by its end the successor leads."""
NOTE = "before a step-down"
"""The entry of the oplog at which those that stand still look up from their source."""


@dataclass(slots=True, kw_only=True)
class Follower:
    """A member that should replicate from `source` when the Primary steps down."""

    address: str
    source: str
    client: Client
    asks_left: int = ASKS
    seen: str = ""
    """The source that it named last; empty while it has none."""

    async def look(self) -> tuple[str, tuple[int, Timestamp] | None]:
        """The source that it names, and what it has applied; one that cannot be asked is not asked again."""
        try:
            status = await self.client.admin.command("replSetGetStatus")
        except (PyMongoError, OSError):
            self.seen, self.asks_left = "", 0
            return "", None
        self.seen = status.get("syncSourceHost") or ""
        return self.seen, _applied(status)

    async def turn(self, ends_s: float) -> None:
        """Ask it once, and wait until it names another source than before."""
        before = self.seen
        self.asks_left -= 1
        ends_s = min(ends_s, time.monotonic() + ASK_AGAIN_S) if await self.ask() else 0.0
        while time.monotonic() < ends_s and self.seen == before:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def ask(self) -> bool:
        """Ask it to replicate from its source; one that refuses is not asked again."""
        try:
            await self.client.admin.command("replSetSyncFrom", self.source)
        except (PyMongoError, OSError):
            self.asks_left = 0
            return False
        return True


async def line_up(primary: Client, followers: Sequence[Follower]) -> None:
    """Turn them to their sources until they, or at least enough for a majority, replicate from there; never raises.

    Those that a majority can do without stand still when it returns, until the Primary has stepped down.
    """
    began_s = time.monotonic()
    ends_s = began_s + LEAD_IN_S
    with suppress(PyMongoError, OSError):
        enough = min(len(followers), await _write_majority(primary))
        while enough and time.monotonic() < ends_s:
            loose = await _loose(primary, followers)
            asked = _next(followers, loose)
            if len(followers) - len(loose) >= enough and (asked is None or time.monotonic() - began_s > ENOUGH_S):
                await _stand_still(primary, [follower for follower in followers if follower not in loose], enough)
                return
            # One at a time: whoever turns may stand still for a second, and the majority must not stand with it.
            if asked is not None:
                await asked.turn(ends_s)
            elif not any(follower.seen == follower.source for follower in loose):
                return


async def _stand_still(primary: Client, following: Sequence[Follower], majority: int) -> None:
    """Let those that replicate through another wait out the handover, as far as the Primary has a majority without."""
    through = [follower for follower in following if any(other.address == follower.source for other in following)]
    spared = through[: max(0, 1 + len(following) - majority)]
    if not spared:
        return
    began_s = time.monotonic()
    await asyncio.gather(*(follower.ask() for follower in spared))
    # They look up from their source when the next entry comes; it comes now, however little is written.
    await primary.admin.command("appendOplogNote", 1, data={"watchkeeper": NOTE})
    await asyncio.sleep(began_s + STANDING_S - time.monotonic())


async def require_primary(client: Client, address: str, expected_term: int) -> None:
    """Raises Refused unless the member is Primary in that term."""
    try:
        hello = await client.admin.command("hello")
    except PyMongoError as error:
        raise Refused(f"{address} cannot be asked before the step-down: {error}") from None
    if not hello.get("isWritablePrimary"):
        raise Refused(f"{address} is not Primary any more; {hello.get('primary') or 'nobody'} is")
    if term(hello) != expected_term:
        raise Refused(f"{address} is Primary in term {term(hello)} now, not in term {expected_term}")


async def step_down(client: Client, address: str, period_s: int, catch_up_s: int, expected_term: int) -> None:
    """Ask the Primary of that term to step down. Raises Refused or Unclear."""
    await require_primary(client, address, expected_term)
    try:
        await client.admin.command({"replSetStepDown": period_s, "secondaryCatchUpPeriodSecs": catch_up_s})
    except PyMongoError as error:
        raise step_down_problem(error, address) from None


async def _write_majority(primary: Client) -> int:
    """How many members a majority write needs; 0 where each may replicate from the Primary alone."""
    config = (await primary.admin.command("replSetGetConfig"))["config"]
    if not config.get("settings", {}).get("chainingAllowed", True):
        return 0
    status = await primary.admin.command("replSetGetStatus")
    return int(status.get("writeMajorityCount") or len(status["members"]) // 2 + 1)


async def _loose(primary: Client, followers: Sequence[Follower]) -> list[Follower]:
    """Those that do not name their source twice, or lack after a moment what the Primary had before it."""
    before = await asyncio.gather(*(follower.look() for follower in followers))
    await asyncio.sleep(SETTLE_S)
    had = _applied(await primary.admin.command("replSetGetStatus"))
    await asyncio.sleep(CATCH_UP_S)
    after = await asyncio.gather(*(follower.look() for follower in followers))
    return [
        follower
        for follower, (first, _), (second, has) in zip(followers, before, after, strict=True)
        if not (first == second == follower.source and has is not None and has >= had)
    ]


def _next(followers: Sequence[Follower], loose: Sequence[Follower]) -> Follower | None:
    """Whom to ask: never one that has turned, for it would stand still; nor one whose source has yet to turn."""
    turning = {follower.address for follower in loose}
    leant_on = {follower.seen for follower in followers}
    free = [f for f in loose if f.asks_left and f.seen != f.source and f.source not in turning]
    # First whoever stands still already; last those through whom others replicate.
    return min(free, key=lambda follower: (bool(follower.seen), follower.address in leant_on), default=None)


def _applied(status: Document) -> tuple[int, Timestamp]:
    optime = status.get("optimes", {}).get("appliedOpTime", {})
    return int(optime.get("t", -1)), optime.get("ts", Timestamp(0, 0))
