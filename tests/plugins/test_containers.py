"""docker and podman: what a container says of itself, and what is refused."""

from typing import Any

import pytest

from console.cluster.snapshot import ServiceState, Size
from console.ports.protocols import Refused
from tests.contract.nodes import made
from tests.contract.replay.docker import NAME, Docker
from tests.contract.replay.host import GIB


def of(host: Docker, port: str, **table: Any) -> Any:
    return made("docker", port, {"container": NAME, **table}, host)


async def test_a_container_that_was_killed_for_want_of_memory_says_so() -> None:
    host = Docker()
    host.status, host.exit_code, host.killed = "exited", 137, True
    view = await of(host, "service").look()
    assert (view.state, view.reason) == (
        ServiceState.STOPPED,
        "exited, killed for want of memory, exit status 137",
    )


async def test_a_container_that_restarts_is_neither_running_nor_stopped() -> None:
    host = Docker()
    host.status = "restarting"
    assert (await of(host, "service").look()).state is ServiceState.UNKNOWN


async def test_a_container_that_is_not_there_is_told_in_the_engines_words() -> None:
    view = await of(Docker(), "service", container="app9").look()
    assert view.state is ServiceState.UNKNOWN
    assert view.reason == "Error response from daemon: No such container: app9"


async def test_memory_and_swap_are_raised_in_one_call() -> None:
    host = Docker()
    sized = of(host, "size")
    await sized.resize(Size(memory_bytes=GIB))
    await sized.resize(Size(memory_bytes=2 * GIB))
    assert (await sized.look()).size.memory_bytes == 2 * GIB
    assert sized.resize_command(Size(memory_bytes=GIB)) == f"docker update --memory {GIB} --memory-swap {GIB} app1"


async def test_a_host_without_the_engine_says_so() -> None:
    view = await made("podman", "service", {"container": NAME}, Docker()).look()
    assert view.reason == "there is no podman on db1 (env: 'podman': No such file or directory)"


async def test_what_no_container_has_is_refused() -> None:
    with pytest.raises(Refused, match="a container has no workers"):
        of(Docker(), "size").resize_command(Size(workers=4))


@pytest.mark.parametrize("name", ["", "--all", "a b", "a;b"])
def test_a_name_that_is_an_option_is_no_container(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        of(Docker(), "service", container=name)
