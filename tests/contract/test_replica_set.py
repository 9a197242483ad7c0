"""What every replica set and every store of the lease does, each subject held to the same behaviours."""

from collections.abc import AsyncIterator, Callable

import pytest

from console.contract import Behaviour
from console.contract.lease import LEASE, LeaseSubject
from console.contract.replica_set import REPLICA_SET, ReplicaSetSubject
from tests.contract.sets import SUBJECTS, Subjects
from tests.contract.subject import Held, held_to, of, opened

Record = Callable[[str, object], None]


@pytest.fixture(params=SUBJECTS)
async def subjects(request: pytest.FixtureRequest) -> AsyncIterator[Held[Subjects]]:
    async for held in opened(request.param, request):
        yield held


@pytest.mark.parametrize("behaviour", REPLICA_SET.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_replica_set(
    subjects: Held[Subjects], behaviour: Behaviour[ReplicaSetSubject], record_property: Record
) -> None:
    await held_to(of(subjects, subjects.subject[0]), behaviour, REPLICA_SET, record_property)


@pytest.mark.parametrize("behaviour", LEASE.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_lease(subjects: Held[Subjects], behaviour: Behaviour[LeaseSubject], record_property: Record) -> None:
    await subjects.subject[1].restore()
    await held_to(of(subjects, subjects.subject[1]), behaviour, LEASE, record_property)
