"""What every balancer plugin does, each subject held to the same behaviours as a real HAProxy."""

from collections.abc import AsyncIterator, Callable

import pytest

from console.contract import Behaviour
from console.contract.balancer import BALANCER
from console.contract.balancer_subject import BalancerSubject
from tests.contract.balancers import SUBJECTS, as_it_was
from tests.contract.subject import Held, held_to


@pytest.fixture(params=SUBJECTS)
async def balancer(request: pytest.FixtureRequest) -> AsyncIterator[Held[BalancerSubject]]:
    async with request.param(request) as made, as_it_was(made) as held:
        yield held


@pytest.mark.parametrize("behaviour", BALANCER.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_balancer(
    balancer: Held[BalancerSubject],
    behaviour: Behaviour[BalancerSubject],
    record_property: Callable[[str, object], None],
) -> None:
    await held_to(balancer, behaviour, BALANCER, record_property)
