"""What every balancer plugin does, each subject held to the same behaviours as a real HAProxy."""

from collections.abc import AsyncIterator

import pytest

from console.contract import Behaviour, Verdict, run
from console.contract.balancer import BALANCER, BalancerSubject
from tests.contract.balancers import SUBJECTS, as_it_was


@pytest.fixture(params=SUBJECTS)
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[BalancerSubject]:
    async with request.param(request) as made, as_it_was(made) as known:
        yield known


@pytest.mark.parametrize("behaviour", BALANCER.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_balancer(subject: BalancerSubject, behaviour: Behaviour[BalancerSubject]) -> None:
    outcome = await run(behaviour, subject, change=True)
    lacking = bool(subject.lacks & set(behaviour.needs))
    assert outcome.verdict is (Verdict.NOT_OFFERED if lacking else Verdict.HOLDS), outcome.why
