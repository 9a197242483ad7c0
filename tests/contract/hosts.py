"""The shells, the readers of facts and the health checks that are held to the contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console import lab as labs
from console.contract.health import HealthSubject
from console.contract.host import FactsSubject, ShellSubject
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Context
from console.ports.reach import Reach
from console.ports.secrets import Secret
from plugins.http import HTTP
from plugins.passwork import Passwork
from plugins.tcp import TCP
from tests.conftest import RunningLab
from tests.contract.nodes import PLUGINS
from tests.contract.subject import Held, case
from tests.plugins.http_server import answer, serving

NOBODY = ("127.0.0.1", 1)
WELL = b'{"states":{"mongodb":"ok"},"errors":[]}'


@asynccontextmanager
async def http(request: pytest.FixtureRequest) -> AsyncIterator[Held[HealthSubject]]:
    async with serving(answer(b"fine")) as port:
        yield _health(HTTP(HTTP.Settings(), Context(name="health")), port, "http", "an HTTP server of the tests")


@asynccontextmanager
async def tcp(request: pytest.FixtureRequest) -> AsyncIterator[Held[HealthSubject]]:
    async with serving(answer(b"")) as port:
        yield _health(TCP(TCP.Settings(port=port), Context(name="health")), port, "tcp", "a socket of the tests")


@asynccontextmanager
async def replayed_passwork(request: pytest.FixtureRequest) -> AsyncIterator[Held[HealthSubject]]:
    async with serving(answer(WELL)) as port:
        settings = Passwork.Settings(path="/api/v1/app/health-check", token=Secret("t"))
        check = Passwork(settings, Context(name="health"))
        yield _health(check, port, "passwork", "the documented answer", real=False)


@asynccontextmanager
async def lab_shell(request: pytest.FixtureRequest) -> AsyncIterator[Held[ShellSubject]]:
    reach = _reach(request)
    assert reach.shells
    yield Held("ssh", "real", "the lab's SSH servers", ShellSubject(port=reach.shells, host="app1"))
    await reach.close()


@asynccontextmanager
async def lab_facts(request: pytest.FixtureRequest) -> AsyncIterator[Held[FactsSubject]]:
    reach = _reach(request)
    assert reach.shells
    assert reach.facts
    subject = FactsSubject(port=reach.facts, node="app1", shell=reach.shells.on("app1"))
    yield Held("linux", "real", "this kernel, over SSH", subject)
    await reach.close()


def _health(port: Any, server_port: int, plugin: str, against: str, *, real: bool = True) -> Held[HealthSubject]:
    subject = HealthSubject(port=port, server="app1", address="127.0.0.1", server_port=server_port, nobody=NOBODY)
    return Held(plugin, "real" if real else "replayed", against, subject)


def _reach(request: pytest.FixtureRequest) -> Reach:
    lab: RunningLab = request.getfixturevalue("lab")
    labs.await_green(lab.name, lab.state_dir)
    return Reach.of(ClusterFile.read(Path(lab.status.cluster_file), PLUGINS))


HEALTH_CHECKS = [case(http, "http"), case(tcp, "tcp"), case(replayed_passwork, "passwork-replayed")]
SHELLS = [case(lab_shell, "ssh", pytest.mark.live)]
FACTS = [case(lab_facts, "linux", pytest.mark.live)]
