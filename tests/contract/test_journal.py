"""What every copy of the journal does, each subject held to the same behaviours."""

from collections.abc import AsyncIterator, Callable

import pytest

from console.contract import Behaviour
from console.contract.journal import JOURNAL, JournalSubject
from tests.contract.copies import SUBJECTS
from tests.contract.subject import Held, held_to, opened


@pytest.fixture(params=SUBJECTS)
async def copy(request: pytest.FixtureRequest) -> AsyncIterator[Held[JournalSubject]]:
    async for held in opened(request.param, request):
        yield held


@pytest.mark.parametrize("behaviour", JOURNAL.behaviours, ids=lambda behaviour: behaviour.says)
async def test_a_copy(
    copy: Held[JournalSubject],
    behaviour: Behaviour[JournalSubject],
    record_property: Callable[[str, object], None],
) -> None:
    await held_to(copy, behaviour, JOURNAL, record_property)
