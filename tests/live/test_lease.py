"""Two operators on a real cluster: races, kills, and a lease whose replica set is broken while it is asked for."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from console import lab as labs
from tests.conftest import RunningLab
from tests.faults.chaos import chaos
from tests.faults.kill import kill_test
from tests.faults.race import race
from tests.faults.victim import BUSY

pytestmark = [pytest.mark.live, pytest.mark.slow]


async def test_of_two_consoles_racing_for_a_server_one_acts_and_the_other_says_who_and_why(
    lab: RunningLab, tmp_path: Path
) -> None:
    ended = await race(lab.status.cluster_file, tmp_path, rounds=5)
    assert ended.total() - ended[BUSY] == 5


@pytest.fixture
def own_cluster(short_dir: Path) -> Iterator[Path]:
    """The cluster file of a lab that nobody else uses: every action leaves it otherwise than it was."""
    status = labs.up("lab", short_dir / "killed", say=lambda text: None, traffic=False)
    yield status.cluster_file
    labs.down("lab", short_dir / "killed")


@pytest.mark.timeout(300)
async def test_a_kill_9_loses_nothing_and_what_it_left_is_mended(own_cluster: Path, tmp_path: Path) -> None:
    test = await kill_test(own_cluster, tmp_path, runs=8, seconds=200, seed=20261127)
    assert test.kills.total() > 0
    assert test.numbers["found unfinished at the next start"] > 0


@pytest.mark.timeout(240)
async def test_a_lease_never_has_two_holders_while_its_set_is_broken(broken_lab: RunningLab) -> None:
    def primary() -> str:
        found = labs.status(broken_lab.name, broken_lab.state_dir)
        words = [sys.executable, "-m", "console", "status", "--json", "--cluster", str(found.cluster_file)]
        document = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
        return str(document["replica_set"]["primary"] or "db1")

    def at_primary(verb: Callable[[str], None], then: Callable[[str], None]) -> Callable[[], Awaitable[None]]:
        async def fault() -> None:
            name = await asyncio.to_thread(primary)
            await asyncio.to_thread(verb, name)
            await asyncio.sleep(6)
            await asyncio.to_thread(then, name)

        return fault

    faults = (at_primary(broken_lab.pause, broken_lab.resume), at_primary(broken_lab.kill, broken_lab.heal))
    history = await chaos(broken_lab.status.cluster_file, 40, seed=os.getpid(), faults=faults)
    assert history.overlaps == []
    assert len(history.grants) >= 10
    assert history.fences == sorted(set(history.fences))
