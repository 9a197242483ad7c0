"""The step-down of a Primary, and the replication sources that make it short."""

import asyncio
import time
from contextlib import suppress

from pymongo.errors import PyMongoError

from console.ports.protocols import Refused

from .documents import term
from .errors import step_down_problem
from .member import Client

FOLLOW_PATIENCE_S = 3.0
"""How long a member may take to turn to another sync source; the step-down does not depend on it."""
ASK_AGAIN_S = 0.3
"""A member turns only to one that is ahead of it just then, and forgets the question: so it is asked again."""


async def follow_source(client: Client, source: str) -> bool:
    """Ask a member to replicate from another until it does; False when that could not be had in time."""
    ends_s = time.monotonic() + FOLLOW_PATIENCE_S
    with suppress(PyMongoError):  # it only shortens the gap; whoever may not or cannot follows later by itself
        while time.monotonic() < ends_s:
            await client.admin.command("replSetSyncFrom", source)
            asked_s = time.monotonic()
            while time.monotonic() - asked_s < ASK_AGAIN_S:
                status = await client.admin.command("replSetGetStatus")
                if status.get("syncSourceHost") == source:
                    return True
                await asyncio.sleep(0.03)
    return False


async def step_down(client: Client, address: str, period_s: int, catch_up_s: int, expected_term: int) -> None:
    """Ask the Primary of that term to step down. Raises Refused or Unclear."""
    try:
        hello = await client.admin.command("hello")
    except PyMongoError as error:
        raise Refused(f"{address} cannot be asked before the step-down: {error}") from None
    if not hello.get("isWritablePrimary"):
        raise Refused(f"{address} is not Primary any more; {hello.get('primary') or 'nobody'} is")
    if term(hello) != expected_term:
        raise Refused(f"{address} is Primary in term {term(hello)} now, not in term {expected_term}")
    try:
        await client.admin.command({"replSetStepDown": period_s, "secondaryCatchUpPeriodSecs": catch_up_s})
    except PyMongoError as error:
        raise step_down_problem(error, address) from None
