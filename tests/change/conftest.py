"""In memory nothing settles: what is waited for on a real cluster would only be waited for."""

import pytest

from console.change.actions import add_server, node, pool


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions end at once, a service is steady at once, and a trial is over soon."""
    monkeypatch.setattr(pool, "IDLE_FOR_S", 0.1)
    monkeypatch.setattr(node, "STEADY_S", 0.1)
    monkeypatch.setattr(add_server, "TRIAL_S", 0.2)
