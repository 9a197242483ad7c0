"""What a step expects of the world right before its op goes out, however long the steps before it have taken."""

import asyncio
import time

from console.change.course import World
from console.change.plan import Step
from console.cluster.fresh import FRESH_S

PATIENCE_S = 15.0
"""How long it may take to be so: after a step-down the members need some seconds to settle."""
LOOK_EVERY_S = 0.1


async def unexpected(step: Step, world: World) -> str:
    """What is otherwise, on fresh data; empty when all is as expected, or when nothing is."""
    ends_s = time.monotonic() + PATIENCE_S
    while step.expects:
        verdict = step.expects.look(world.snapshot, FRESH_S)
        if verdict.holds:
            break
        if time.monotonic() >= ends_s:
            return verdict.says
        await asyncio.sleep(LOOK_EVERY_S)
    return ""
