import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import asyncssh
import psutil
import pytest

from console import lab as labs
from tests.conftest import RunningLab

pytestmark = pytest.mark.live

NODES = ["app1", "app2", "app3", "app4", "lb1", "lb2", "db1", "db2", "db3", "db4"]


def quiet(text: str) -> None:
    """Say nothing."""


def pids_of(home: Path) -> list[int]:
    record = json.loads((home / "lab.json").read_text())
    return [started["pid"] for started in record["processes"].values()]


def listeners(network: str) -> list[str]:
    """Every listening address in a 127.a.b.0/24."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    endpoints = (line.split()[1] for line in lines if line.split()[3] == "0A")
    addresses = (socket.inet_ntoa(bytes.fromhex(endpoint[:8])[::-1]) for endpoint in endpoints)
    return [address for address in addresses if address.startswith(f"{network}.")]


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def gone_within(pid: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(pid)


def is_over(connection: socket.socket) -> bool:
    """The other side ended the connection, one way or the other, after whatever it still said."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        return True
    return True


def is_refused(endpoint: tuple[str, int]) -> bool:
    """A new connection is reset while it is made, or right after."""
    try:
        with socket.create_connection(endpoint, timeout=5) as connection:
            return is_over(connection)
    except ConnectionResetError:
        return True


def reacts(connection: socket.socket) -> bool:
    """The other side says something or hangs up."""
    try:
        connection.recv(1)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def health(node: labs.NodeStatus, token: str) -> dict[str, object]:
    url = f"http://{node.address}:{node.port}/api/v1/app/health-check"
    request = urllib.request.Request(url, json.dumps({"token": token}).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def node(lab: RunningLab, name: str) -> labs.NodeStatus:
    return next(found for found in lab.status.nodes if found.name == name)


def test_a_lab_that_is_up_shows_every_node_running_as_the_contract_says(lab: RunningLab) -> None:
    shown = labs.status(lab.name, lab.state_dir).to_json()
    assert list(shown) == ["name", "dir", "cluster_file", "urls", "nodes"]
    assert isinstance(shown["nodes"], list)
    assert [found["name"] for found in shown["nodes"]] == NODES
    assert {found["state"] for found in shown["nodes"]} == {"running"}
    assert set(shown["nodes"][0]) == {"name", "role", "address", "port", "pid", "state"}
    assert json.loads(json.dumps(shown)) == shown


def test_the_cluster_file_is_toml_and_its_secrets_are_private_files(lab: RunningLab) -> None:
    cluster = tomllib.loads(lab.status.cluster_file.read_text())
    assert [found["name"] for found in cluster["nodes"]] == NODES
    for reference in (
        cluster["replica_set"]["password"],
        cluster["replica_set"]["operator"]["password"],
        cluster["health"]["token"],
    ):
        secret = Path(reference["file"])
        assert secret.read_text()
        assert secret.stat().st_mode & 0o777 == 0o600
    assert lab.status.dir.stat().st_mode & 0o777 == 0o700


def test_starting_a_lab_that_is_up_leaves_it_as_it_is(lab: RunningLab) -> None:
    assert labs.up(lab.name, lab.state_dir, quiet) == labs.status(lab.name, lab.state_dir)


def test_an_application_server_answers_the_health_check_plain_and_in_base64(lab: RunningLab) -> None:
    token = (lab.status.dir / "health.token").read_text()
    assert health(node(lab, "app1"), token) == {"states": {"mongodb": "ok"}, "errors": []}
    assert health(node(lab, "app3"), token)["format"] == "base64"


def test_a_wrong_token_is_refused(lab: RunningLab) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        health(node(lab, "app1"), "wrong")
    refused.value.close()


def test_traffic_neither_fails_nor_loses_a_write(lab: RunningLab) -> None:
    labs.reset_gap(lab.name, lab.state_dir)
    before = labs.traffic_report(lab.name, lab.state_dir)
    time.sleep(2)
    after = labs.traffic_report(lab.name, lab.state_dir)
    assert isinstance(before["acknowledged"], int)
    assert isinstance(after["acknowledged"], int)
    assert after["acknowledged"] >= before["acknowledged"] + 20
    assert after["failed"] == before["failed"]
    assert after["lost"] == 0


@pytest.mark.parametrize("name", ["app1", "lb2", "db3"])
def test_a_killed_node_is_dead_until_it_is_healed(broken_lab: RunningLab, name: str) -> None:
    broken_lab.kill(name)
    assert broken_lab.state(name) == "dead"
    broken_lab.heal(name)
    assert broken_lab.state(name) == "running"


def test_a_client_of_a_killed_node_hears_so_at_once(broken_lab: RunningLab) -> None:
    member = node(broken_lab, "db3")
    with socket.create_connection((member.address, member.port), timeout=5) as before:
        time.sleep(0.1)
        broken_lab.kill("db3")
        began_s = time.monotonic()
        assert is_over(before)
        assert is_refused((member.address, member.port))
        assert time.monotonic() - began_s < 0.5


def test_a_paused_node_is_paused_until_it_is_resumed(broken_lab: RunningLab) -> None:
    broken_lab.pause("app2")
    assert broken_lab.state("app2") == "paused"
    broken_lab.resume("app2")
    assert broken_lab.state("app2") == "running"


@pytest.mark.parametrize("name", ["db3", "lb1", "app1"])
def test_a_partitioned_node_hangs_without_a_reset_until_it_is_healed(broken_lab: RunningLab, name: str) -> None:
    found = node(broken_lab, name)
    endpoint = (found.address, found.port)
    with socket.create_connection(endpoint) as before:
        time.sleep(0.1)
        broken_lab.partition(name)
        assert broken_lab.state(name) == "partitioned"
        with socket.create_connection(endpoint) as after:
            for connection in (before, after):
                connection.settimeout(1)
                connection.sendall(b"not a protocol\r\n\r\n")
                with pytest.raises(TimeoutError):
                    connection.recv(1)
            broken_lab.heal(name)
            assert broken_lab.state(name) == "running"
            for connection in (before, after):  # now the service hears the nonsense
                connection.settimeout(5)
                assert reacts(connection)


async def test_a_partition_holds_ssh_too(broken_lab: RunningLab) -> None:
    config = [str(broken_lab.status.dir / "ssh_config")]
    async with asyncssh.connect("db2", config=config) as connection:
        broken_lab.partition("db2")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncssh.connect("db2", config=config), 1)
        command = asyncio.create_task(connection.run("echo late"))
        await asyncio.sleep(0.5)
        assert not command.done()
        broken_lab.heal("db2")
        assert (await asyncio.wait_for(command, 5)).stdout == "late\n"


async def test_ssh_runs_real_commands_on_a_host_whose_key_is_verified(lab: RunningLab) -> None:
    async with asyncssh.connect("app1", config=[str(lab.status.dir / "ssh_config")]) as connection:
        result = await connection.run("echo out; echo err >&2; exit 3")
        assert (result.stdout, result.stderr, result.exit_status) == ("out\n", "err\n", 3)
        echoed = await connection.run("cat", input="through\n")
        assert echoed.stdout == "through\n"


async def test_a_host_with_another_key_is_not_trusted(lab: RunningLab, tmp_path: Path) -> None:
    known = lab.status.dir / "known_hosts"
    key = known.read_text().splitlines()[-1].split(maxsplit=1)[1]
    other = tmp_path / "known_hosts"
    other.write_text(f"[{node(lab, 'app1').address}]:2222 {key}\n")
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await asyncssh.connect("app1", config=[str(lab.status.dir / "ssh_config")], known_hosts=str(other))


async def test_ssh_forwards_a_balancers_admin_socket(lab: RunningLab) -> None:
    cluster = tomllib.loads(lab.status.cluster_file.read_text())
    path = cluster["balancers"][0]["socket"].removeprefix("unix://")
    async with asyncssh.connect("lb1", config=[str(lab.status.dir / "ssh_config")]) as connection:
        reader, writer = await connection.open_unix_connection(path)
        writer.write(b"show info\n")
        assert b"HAProxy" in await reader.read()
        writer.close()


async def test_a_node_serves_as_a_jump_host(lab: RunningLab) -> None:
    config = [str(lab.status.dir / "ssh_config")]
    async with (
        asyncssh.connect("lb1", config=config) as jump,
        asyncssh.connect("db1", config=config, tunnel=jump) as connection,
    ):
        assert (await connection.run("echo $WATCHKEEPER_LAB_NODE")).stdout == "db1\n"


async def test_a_command_ends_with_all_it_started_when_its_connection_closes(lab: RunningLab) -> None:
    async with asyncssh.connect("app1", config=[str(lab.status.dir / "ssh_config")]) as connection:
        process = await connection.create_process("sleep 300 & echo $!; wait")
        pid = int(await process.stdout.readline())
        assert runs(pid)
    assert await asyncio.to_thread(gone_within, pid, 5)


def test_an_unknown_node_is_an_error_with_the_nearest_and_all_names(lab: RunningLab) -> None:
    with pytest.raises(labs.LabError, match=r"did you mean 'db1'\? the nodes are app1, .*db4"):
        lab.kill("db11")


def test_no_such_lab_is_an_error_that_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(labs.LabError, match="watchkeeper lab up"):
        labs.status("lab", tmp_path)
    assert labs.down("lab", tmp_path) is False


def test_two_labs_run_side_by_side_and_each_ends_without_a_trace(lab: RunningLab, short_dir: Path) -> None:
    second = labs.up("second", short_dir / "beside", quiet, traffic=False)
    network = second.nodes[0].address.rpartition(".")[0]
    assert network != lab.status.nodes[0].address.rpartition(".")[0]
    assert listeners(network)
    pids = pids_of(second.dir)
    labs.pause("second", short_dir / "beside", "db1")
    labs.kill("second", short_dir / "beside", "app1")
    with pytest.raises(labs.LabError, match="without traffic"):
        labs.traffic_report("second", short_dir / "beside")
    assert labs.down("second", short_dir / "beside") is True
    assert [pid for pid in pids if runs(pid)] == []
    assert listeners(network) == []
    assert list((short_dir / "beside").iterdir()) == []
    assert {found.state for found in labs.status(lab.name, lab.state_dir).nodes} == {"running"}


def test_a_failed_start_says_why_and_leaves_nothing(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = short_dir / "mongod"
    broken.write_text("#!/bin/sh\necho no database today\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setenv("WATCHKEEPER_MONGOD", str(broken))
    state_dir = short_dir / "failed"
    with pytest.raises(labs.LabError, match="no database today"):
        labs.up("lab", state_dir, quiet)
    assert list(state_dir.iterdir()) == []
    assert marked(state_dir) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_interrupted_start_leaves_nothing(short_dir: Path, number: signal.Signals) -> None:
    state_dir = short_dir / "interrupted"
    starting = begin(state_dir)
    starting.send_signal(number)
    assert starting.wait(timeout=20) != 0
    assert list(state_dir.iterdir()) == []
    assert marked(state_dir) == []


def test_a_start_over_the_leftover_of_a_killed_one_cleans_it_and_goes_on(short_dir: Path) -> None:
    state_dir = short_dir / "leftover"
    starting = begin(state_dir)
    starting.kill()
    starting.wait()
    left = marked(state_dir)
    assert left
    with pytest.raises(labs.LabError, match="interrupted"):
        labs.status("lab", state_dir)
    status = labs.up("lab", state_dir, quiet)
    assert {found.state for found in status.nodes} == {"running"}
    assert not set(left) & set(marked(state_dir))
    labs.down("lab", state_dir)
    assert marked(state_dir) == []


def test_a_long_state_directory_still_has_sockets_that_can_be_bound(short_dir: Path) -> None:
    state_dir = short_dir / ("long-" * 20)
    status = labs.up("lab", state_dir, quiet, traffic=False)
    socket_path = Path(tomllib.loads(status.cluster_file.read_text())["balancers"][0]["socket"][7:])
    assert len(str(socket_path)) < 100
    labs.down("lab", state_dir)
    assert not socket_path.parent.exists()


def begin(state_dir: Path) -> subprocess.Popen[bytes]:
    """Start a lab in a process of its own, and return while it is at it."""
    program = (
        "import pathlib, sys; from console import lab; lab.up('lab', pathlib.Path(sys.argv[1]), lambda text: None)"
    )
    source = str(Path(labs.__file__).parents[2])
    starting = subprocess.Popen(
        [sys.executable, "-c", program, str(state_dir)],
        env={**os.environ, "PYTHONPATH": source},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while len(marked(state_dir)) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    return starting


def marked(state_dir: Path) -> list[int]:
    """Every live process that carries the mark of a lab in this state directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("WATCHKEEPER_LAB_DIR", "").startswith(str(state_dir)):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
