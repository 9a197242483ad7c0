"""Two consoles on two machines' state, racing for the same server: exactly one acts, the other says who and why.

python -m tests.faults.race --rounds 100
"""

import argparse
import asyncio
import collections
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from console import lab
from console.change.events import Outcome
from console.change.run import Confirmation
from console.cluster.snapshot import Admin
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.faults.victim import BUSY, Victim, without_hosts

SERVER = "app2"
WHO = ("has it since", "last changed: ", "holds it in drain since")
"""What a console says of the one that was first: it has the lease, had it, or holds the server."""


class RaceError(Exception):
    """What must never be."""


async def race(cluster_file: Path, state_dir: Path, rounds: int) -> collections.Counter[str]:
    """So many races on a lab that is up; how they ended. Raises RaceError."""
    ended: collections.Counter[str] = collections.Counter()
    cluster_file = without_hosts(cluster_file, state_dir)
    file = ClusterFile.read(cluster_file, Plugins((bundled("plugins"),)))
    async with Session.open(file, state_dir / "referee") as referee:
        while ended.total() - ended[BUSY] < rounds:
            number = ended.total() + 1
            racers = [
                Victim(cluster_file, state_dir / name, ("drain", SERVER, "--yes"), reason=f"round {number} by {name}")
                for name in ("one", "two")
            ]
            told = await asyncio.gather(*(asyncio.to_thread(racer.events) for racer in racers))
            ended[judged(number, told)] += 1
            await make_ready(referee)
    return ended


def judged(number: int, told: list[list[dict[str, Any]]]) -> str:
    """How a race ended. Raises RaceError when it ended as none may."""
    acted = [events for events in told if any(e["kind"] == "doing" and e["step"] for e in events)]
    others = [events[-1] for events in told if events not in acted]
    if any(BUSY in other["says"] for other in others) and len(acted) < 2:
        return BUSY
    if len(acted) != 1 or acted[0][-1]["kind"] != "done":
        raise RaceError(f"round {number}: {len(acted)} acted: {told}")
    [other] = others
    who = next((words for words in WHO if words in other["says"]), None)
    if who is None or f"round {number} by" not in other["says"]:
        raise RaceError(f"round {number}: the other does not say who and why: {other['says']}")
    return f"{other['kind']}, {who.strip(' :')}"


async def make_ready(referee: Session) -> None:
    """The server is as it was before the race."""
    snapshot = await referee.look()
    server = snapshot.app_server(SERVER)
    if server is None or len(server.admins) != 1:
        raise RaceError(f"{SERVER} is {server.admins if server else 'gone'} after a race")
    if server.admins == {Admin.READY}:
        return
    run = referee.start(referee.plan("ready", SERVER), Confirmation("the next round"))
    if await run.finished() is not Outcome.DONE:
        raise RaceError(f"{SERVER} could not be made ready: {run.events[-1].says}")


def main() -> None:
    """Start a lab, race, print the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    state_dir = Path(tempfile.mkdtemp(prefix="wk-race-", dir="/tmp"))
    try:
        status = lab.up("lab", state_dir, lambda words: None, traffic=False)
        began_s = time.monotonic()
        ended = asyncio.run(race(status.cluster_file, state_dir, rounds))
        print(f"{rounds} races for {SERVER} in {time.monotonic() - began_s:.0f} s")
        print(f"  {rounds:4}  exactly one acted, and was done")
        for how, count in ended.most_common():
            print(
                f"  {count:4}  {how}" if how == BUSY else f"  {count:4}  the other: {how} (with owner, reason and run)"
            )
        print("     0  both acted")
    finally:
        lab.down("lab", state_dir)
        shutil.rmtree(state_dir, ignore_errors=True)


if __name__ == "__main__":
    main()
