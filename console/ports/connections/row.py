"""One row of the connection test: one thing that is tried, within a deadline, and never raises."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from console.cluster.text import clean
from console.ports.connections.mends import mend

DEADLINE_S = 10.0
"""The longest that one row may take."""
LOOK_AT_IT = "look at its own log, and try it by hand from here"


class Verdict(StrEnum):
    """How far a row has come."""

    TRYING = "trying"
    """It has begun; the row of the same thing that says how it ended comes later."""
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not tried; it says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was tried."""

    subject: str
    """A node, a balancer, or what of the cluster file it is about."""
    what: str
    verdict: Verdict
    says: str
    mend: str = ""
    """What to do about a failure."""
    took_s: float = 0.0


class Failed(Exception):
    """It does not work; `mend` is what to do about it, found by the words where none is given."""

    def __init__(self, says: str, mends: str = "", otherwise: str = LOOK_AT_IT) -> None:
        super().__init__(says)
        self.mend = mends or mend(says, otherwise)


class Skipped(Exception):
    """There is nothing to try; the message says why."""


Attempt = Callable[[], Awaitable[str]]
"""What is said of a success. Raises Failed or Skipped."""
Tries = Coroutine[Any, Any, None]
"""Tries all of one thing, and never raises."""


class Trial:
    """One connection test: tries things, and tells each row as it begins and as it ends."""

    def __init__(self, tell: Callable[[Row], object]) -> None:
        self.tell = tell

    async def tried(self, subject: str, what: str, attempt: Attempt) -> Row:
        """One attempt within DEADLINE_S as a row."""
        row = Row(subject=clean(subject, limit=80), what=what, verdict=Verdict.TRYING, says="")
        self.tell(row)
        row = await _ended(row, attempt)
        self.tell(row)
        return row

    async def one_by_one(self, subject: str, attempts: Mapping[str, Attempt]) -> None:
        """Each attempt as a row, up to the first that fails: what would follow from a failure is not tried."""
        for what, attempt in attempts.items():
            if (await self.tried(subject, what, attempt)).verdict is Verdict.FAILED:
                return


async def _ended(row: Row, attempt: Attempt) -> Row:
    began_s = time.monotonic()
    mends = ""
    try:
        async with asyncio.timeout(DEADLINE_S):
            verdict, says = Verdict.OK, await attempt()
    except Skipped as why:
        verdict, says = Verdict.SKIPPED, str(why)
    except Failed as why:
        verdict, says, mends = Verdict.FAILED, str(why), why.mend
    except TimeoutError:
        verdict, says = Verdict.FAILED, f"no answer within {DEADLINE_S:g} s"
        mends = mend(says, LOOK_AT_IT)
    except Exception as broken:  # noqa: BLE001 - a plugin may raise anything; the other rows do not end by it
        verdict, says = Verdict.FAILED, f"its plugin failed: {type(broken).__name__}: {broken}"
        mends = "`watchkeeper plugins` shows where it comes from"
    took_s = time.monotonic() - began_s
    return replace(row, verdict=verdict, says=clean(says, limit=1000), mend=clean(mends, limit=400), took_s=took_s)
