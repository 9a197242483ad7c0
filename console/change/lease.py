"""The lease as one run holds it: renewed while it runs, asked for before each step, given back at the end.

A lock only lowers the odds that two operators meet; what is changed is compared and set at the target all the same.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC

from console.ports.protocols import Claim, Holder, LeaseState, LeaseStore, Refused, Unclear

MARGIN = 0.1
"""The part of its whole time that a holder does not count on."""
RENEWALS = 4
"""How often it is renewed within its time."""
NEWS_EVERY_S = 0.5
"""How often the newest words may go out to the other consoles; what is newer meanwhile replaces what is older."""
SETTLE_TTL_S = 10.0
END_WITHIN_S = 3.0
"""A process whose session was lost is gone soon after its step, also when the set does not answer."""

Words = Callable[[], str]
"""What the run does now."""


class NotGranted(Exception):
    """Somebody else has the lease; the message names holder, action, since when, reason and run."""


class Tenure:
    """One run's time as holder of the lease."""

    def __init__(self, store: LeaseStore, state: LeaseState, asked_s: float, ttl_s: float, words: Words) -> None:
        self.state = state
        """As it was granted."""
        self._store = store
        self._rid = state.rid
        self._ttl_s = ttl_s
        self._until_s = self._end_s(asked_s, state)
        self._words = words
        self._gone = ""
        self._ending = asyncio.Event()
        self._given_back: asyncio.Task[None] | None = None
        self._task = asyncio.get_running_loop().create_task(self._keep())

    @classmethod
    async def begin(
        cls,
        store: LeaseStore,
        *,
        owner: str,
        run: str,
        reason: str,
        words: Words,
        ttl_s: float,
        takes_over: Sequence[str] = (),
    ) -> "Tenure":
        """Ask for the lease. Raises NotGranted, Refused or Unclear."""
        claim = Claim(
            owner=owner,
            run=run,
            rid=secrets.token_hex(8),
            says=words(),
            reason=reason,
            ttl_s=ttl_s,
            takes_over=takes_over,
        )
        asked_s = time.monotonic()
        try:
            state = await store.acquire(claim)
        except Unclear:
            with suppress(Refused, Unclear):  # it may have been granted after all, and would stand until its end
                await store.release(claim.rid)
            raise
        if state.rid != claim.rid:
            raise NotGranted(f"{whose(state)}; it ends by itself in {state.left_s:.0f} s unless it is renewed")
        return cls(store, state, asked_s, ttl_s, words)

    async def lost(self, changes_set: str = "") -> str:
        """Empty while the lease is ours, asked of the set itself; else why it is not.

        While the set cannot be asked, it is ours until its time is over: nobody else can have it before that.
        """
        if self._gone:
            return self._gone
        problem = "the set did not acknowledge it"
        try:
            renewed = await self._renew(changes_set)
        except (Refused, Unclear) as why:
            renewed, problem = False, str(why)
        if not self._gone and (time.monotonic() > self._until_s or (changes_set and not renewed)):
            return f"a lease that could not be renewed: {problem}"
        return self._gone

    async def end(self) -> None:
        """Give it back; where that cannot be done within END_WITHIN_S, its time ends it."""
        self._ending.set()
        self._given_back = asyncio.get_running_loop().create_task(self._give_back())
        await asyncio.wait([self._given_back], timeout=END_WITHIN_S)

    async def _give_back(self) -> None:
        with suppress(Exception):  # a plugin may raise anything, and must not hide how the run itself ended
            await self._task
            await self._store.release(self._rid)

    async def _keep(self) -> None:
        """Renew at a pace, and whenever there are new words; a set that does not answer is asked again."""
        told, renewed_s = self._words(), time.monotonic()
        while not self._ending.is_set() and not self._gone:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(NEWS_EVERY_S, self._ttl_s / RENEWALS)):
                    await self._ending.wait()
                    return
            if self._words() != told or time.monotonic() - renewed_s >= self._ttl_s / RENEWALS:
                told = self._words()
                with suppress(Refused, Unclear):
                    await self._renew()
                    renewed_s = time.monotonic()

    async def _renew(self, changes_set: str = "") -> bool:
        """Whether all of it was written: an answer that was lost is read back, and may show how it was before."""
        asked_s = time.monotonic()
        state = await self._store.renew(self._rid, ttl_s=self._ttl_s, says=self._words(), changes_set=changes_set)
        if state.rid != self._rid:
            self._gone = f"the loss of the lease: {whose(state)}"
            return False
        self._until_s = max(self._until_s, self._end_s(asked_s, state))
        return not changes_set or (state.set_change is not None and state.set_change.what == changes_set)

    def _end_s(self, asked_s: float, state: LeaseState) -> float:
        """Of our time, by the monotonic clock from before the request went out: never later than the set's own."""
        return asked_s + state.left_s - self._ttl_s * MARGIN


async def settle(store: LeaseStore, run: str, owner: str) -> None:
    """Let go of what a dead run left of itself in the set, as far as it can be had."""
    claim = Claim(
        owner=owner,
        run=run,
        rid=secrets.token_hex(8),
        says="mark the run as done",
        reason="",
        ttl_s=SETTLE_TTL_S,
        takes_over=(run,),
    )
    with suppress(Refused, Unclear):
        if (await store.acquire(claim)).rid == claim.rid:
            await store.release(claim.rid)


def whose(state: LeaseState) -> str:
    """Who has it now, for a person."""
    return holder_says(state.holder) if state.holder else "nobody has it, and it was somebody else's since"


def holder_says(holder: Holder) -> str:
    """Who, what, since when, why, and which run."""
    since = f"{holder.since.astimezone(UTC):%H:%M:%S} UTC"
    return f"{holder.owner} has it since {since} for: {holder.says}; reason: {holder.reason}; run {holder.run}"
