"""What every health check, shell and reader of facts does."""

from collections.abc import AsyncIterator, Callable

import pytest

from console.contract import Behaviour
from console.contract.health import HEALTH, HealthSubject
from console.contract.host import FACTS, SHELL, FactsSubject, ShellSubject
from tests.contract import hosts
from tests.contract.subject import Held, held_to, opened

Record = Callable[[str, object], None]


@pytest.fixture(params=hosts.HEALTH_CHECKS)
async def health(request: pytest.FixtureRequest) -> AsyncIterator[Held[HealthSubject]]:
    async for held in opened(request.param, request):
        yield held


@pytest.fixture(params=hosts.SHELLS)
async def shell(request: pytest.FixtureRequest) -> AsyncIterator[Held[ShellSubject]]:
    async for held in opened(request.param, request):
        yield held


@pytest.fixture(params=hosts.FACTS)
async def facts(request: pytest.FixtureRequest) -> AsyncIterator[Held[FactsSubject]]:
    async for held in opened(request.param, request):
        yield held


@pytest.mark.parametrize("behaviour", HEALTH.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_health_check(
    health: Held[HealthSubject], behaviour: Behaviour[HealthSubject], record_property: Record
) -> None:
    await held_to(health, behaviour, HEALTH, record_property)


@pytest.mark.parametrize("behaviour", SHELL.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_shell(shell: Held[ShellSubject], behaviour: Behaviour[ShellSubject], record_property: Record) -> None:
    await held_to(shell, behaviour, SHELL, record_property)


@pytest.mark.parametrize("behaviour", FACTS.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_reader_of_facts(
    facts: Held[FactsSubject], behaviour: Behaviour[FactsSubject], record_property: Record
) -> None:
    await held_to(facts, behaviour, FACTS, record_property)
