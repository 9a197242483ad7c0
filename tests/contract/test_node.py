"""What every way to a node's service and size does, each subject held to the same behaviours."""

from collections.abc import AsyncIterator, Callable

import pytest

from console.contract import Behaviour
from console.contract.node import SERVICE, SIZE, ServiceSubject, SizeSubject
from tests.contract.nodes import SUBJECTS
from tests.contract.subject import Held, held_to, of, opened


@pytest.fixture(params=SUBJECTS)
async def node(request: pytest.FixtureRequest) -> AsyncIterator[Held[tuple[ServiceSubject, SizeSubject]]]:
    async for held in opened(request.param, request):
        yield held


@pytest.mark.parametrize("behaviour", SERVICE.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_service(
    node: Held[tuple[ServiceSubject, SizeSubject]],
    behaviour: Behaviour[ServiceSubject],
    record_property: Callable[[str, object], None],
) -> None:
    await held_to(of(node, node.subject[0]), behaviour, SERVICE, record_property)


@pytest.mark.parametrize("behaviour", SIZE.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_size(
    node: Held[tuple[ServiceSubject, SizeSubject]],
    behaviour: Behaviour[SizeSubject],
    record_property: Callable[[str, object], None],
) -> None:
    await held_to(of(node, node.subject[1]), behaviour, SIZE, record_property)
