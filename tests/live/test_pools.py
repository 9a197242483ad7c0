"""Servers that join and leave the pools of real balancers under traffic, and what a reload takes from them."""

import asyncio
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from console import lab as labs
from console.change.events import Outcome
from console.change.run import Confirmation
from console.cluster.snapshot import Health
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from tests.conftest import RunningLab
from tests.live.test_console import Shell, events

pytestmark = [pytest.mark.live, pytest.mark.slow]

SPARE_BYTE = "15"
YES = ("--reason", "a test", "--yes")


class Pools(Shell):
    """A shell on the lab with one more node: app5, a second spare application server, which is what a test makes it."""

    def __init__(self, lab: RunningLab, folder: Path) -> None:
        super().__init__(lab, folder / "state")
        self.file = folder / "cluster.toml"
        self.write_address(f"{self._network()}.{SPARE_BYTE}")

    def write_address(self, address: str) -> None:
        """The cluster file, with the spare node at an address."""
        node = f'[[nodes]]\nname = "app5"\naddress = "{address}"\ndomain = "rack-a"\nroles = ["app"]\nspare = true\n'
        self.file.write_text(f"{Path(self.lab.status.cluster_file).read_text()}\n{node}")
        self.cluster = self.file

    def _network(self) -> str:
        cluster = tomllib.loads(Path(self.lab.status.cluster_file).read_text())
        return str(cluster["nodes"][0]["address"]).rpartition(".")[0]

    @contextmanager
    def app5(self, kind: str) -> Iterator[None]:
        """The server itself."""
        argv = [sys.executable, "-m", "tests.live.spare", str(self.lab.status.dir), SPARE_BYTE, kind]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        try:
            assert process.stdout
            assert process.stdout.readline() == b"listening\n"
            yield
        finally:
            process.kill()
            process.communicate()

    def status(self) -> dict[str, Any]:
        """One look in which both balancers answered, which on a slow machine is not the first."""
        for _ in range(5):
            document = super().status()
            if {balancer["health"] for balancer in document["balancers"]} == {"up"}:
                return document
        raise AssertionError(document["balancers"])

    def run(self, *words: str) -> list[dict[str, Any]]:
        """Until it is done; the words are given too, in case a slow machine makes the plan a degraded one."""
        code, out, err = self("run", *words, "--reason", "a test", "--confirm", words[1], "--json")
        assert code == 0, out or err
        return events(out)

    def places(self, server: str) -> set[tuple[str, str, str, int]]:
        servers = {found["name"]: found["pools"] for found in self.status()["app_servers"]}
        return {(p["balancer"], p["backend"], p["admin"], p["weight"]) for p in servers.get(server, [])}

    def findings(self, code: str) -> list[dict[str, str]]:
        return [finding for finding in self.status()["findings"] if finding["code"] == code]

    def lost_writes(self) -> int:
        report: dict[str, Any] = labs.traffic_report(self.lab.name, self.lab.state_dir)
        return int(report["lost"])


@pytest.fixture
def pools(lab: RunningLab, tmp_path: Path) -> Iterator[Pools]:
    labs.await_green(lab.name, lab.state_dir)
    (tmp_path / "state").mkdir(mode=0o700)
    opened = Pools(lab, tmp_path)
    yield opened
    for server in ("app4", "app5"):
        if opened.places(server):
            opened("run", "remove-server", server, *YES)


def everywhere(weight: int, admin: str = "ready") -> set[tuple[str, str, str, int]]:
    return {(balancer, backend, admin, weight) for balancer in ("lb1", "lb2") for backend in ("app", "web")}


def test_a_server_joins_and_leaves_under_traffic_and_no_request_fails(pools: Pools) -> None:
    failed = pools.failed_requests()
    told = pools.run("add-server", "app4", "--hold", "3")
    assert pools.places("app4") == everywhere(100)
    assert [e["step"] for e in told if e["kind"] == "proved"] == [1, 2, 3, 4, 5]
    missing = {f["says"].rpartition(": ")[2] for f in pools.findings("server-not-in-config")}
    assert {line.split()[1] for line in missing} == {"app4"}
    assert any("cookie app4" in line for line in missing)
    pools.run("remove-server", "app4")
    assert pools.places("app4") == set()
    assert pools.findings("server-not-in-config") == []
    assert (pools.failed_requests() - failed, pools.lost_writes()) == (0, 0)


def test_a_server_of_the_configuration_leaves_and_comes_back_with_its_cookie(pools: Pools) -> None:
    failed = pools.failed_requests()
    pools.run("remove-server", "app2")
    assert pools.places("app2") == set()
    assert {finding["subject"] for finding in pools.findings("server-only-in-config")} == {"app2"}
    assert [finding["mend"] for finding in pools.findings("server-not-in-pool")] == ["add-server app2"]
    pools.run("add-server", "app2", "--hold", "1")
    assert pools.places("app2") == everywhere(100)
    assert pools.findings("server-only-in-config") == pools.findings("server-not-in-config") == []
    assert (pools.failed_requests() - failed, pools.lost_writes()) == (0, 0)


def test_a_server_that_fails_its_requests_is_stopped_by_itself_and_gone_again(pools: Pools) -> None:
    failed = pools.failed_requests()
    with pools.app5("ill"):
        code, out, _ = pools("run", "add-server", "app5", "--hold", "10", *YES, "--json")
        assert code == 4
        assert "app5 is not fit" in events(out)[-1]["says"]
        assert pools.places("app5") == set()
    assert 1 <= pools.failed_requests() - failed <= 10, "at a tenth of the traffic, noticed within a second"


def test_a_server_that_does_not_answer_is_refused_and_nothing_is_added(pools: Pools) -> None:
    code, out, _ = pools("run", "add-server", "app5", *YES, "--json")
    assert code == 3
    assert "app5 is healthy by its own word: down, " in events(out)[-1]["says"]
    assert pools.places("app5") == set()


def test_an_address_that_only_this_host_resolves_is_refused_with_the_mend(pools: Pools) -> None:
    pools.write_address("localhost")
    code, out, _ = pools("plan", "add-server", "app5", "--json")
    assert code == 3
    assert "write the IP address into the cluster file" in out


def test_a_spare_server_that_is_not_there_is_told_with_the_nearest(pools: Pools) -> None:
    code, _, err = pools("run", "add-server", "app55", *YES)
    assert code == 2
    assert "did you mean 'app5'?" in err


def test_a_weight_is_set_on_both_balancers_and_a_restart_of_one_is_drift(pools: Pools) -> None:
    pools.run("set-weight", "app2", "--weight", "30")
    assert pools.places("app2") == everywhere(30)
    assert [finding["subject"] for finding in pools.findings("weight-not-in-config")] == ["app2"]
    pools.lab.kill("lb1")
    pools.lab.heal("lb1")
    labs.await_green(pools.lab.name, pools.lab.state_dir)
    [first, _] = pools.findings("weights-differ")
    assert first["mend"] == "set-weight app2"
    pools.run(*first["mend"].split())
    assert pools.places("app2") == everywhere(100)


async def test_a_drain_that_a_restart_forgot_is_found_within_a_refresh_and_can_be_set_again(pools: Pools) -> None:
    file = ClusterFile.read(Path(pools.lab.status.cluster_file), Plugins((bundled("plugins"),)))
    async with Session.open(file, pools.file.parent / "state") as session:

        async def do(action: str) -> None:
            entries = [entry for server in (await session.look()).app_servers for entry in server.pools]
            while any(entry.checked and entry.check is Health.UNKNOWN for entry in entries):
                entries = [entry for server in (await session.look()).app_servers for entry in server.pools]
            run = session.start(session.plan(action, "app2"), Confirmation("a test", words="app2"))
            assert await run.finished() is Outcome.DONE, run.events[-1].says

        def lost() -> list[str]:
            return [finding.mend for finding in session.snapshot.findings if finding.code == "drain-lost"]

        await do("drain")
        await asyncio.to_thread(pools.lab.kill, "lb1")
        await asyncio.to_thread(pools.lab.heal, "lb1")
        began_s = time.monotonic()
        while not lost() and time.monotonic() - began_s < 5:  # noqa: ASYNC110 - the cluster tells nobody
            await asyncio.sleep(0.05)
        assert lost() == ["drain app2"]
        await do("drain")
        assert lost() == []
        await do("ready")
