"""Approved screens look the same on every machine."""

import os
from pathlib import Path

import pytest
import pytest_textual_snapshot  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion
from textual import constants
from textual.widgets import Input

from console.tui import table
from tests.screens.approved import Approved, Gallery

for name in ("NO_COLOR", "FORCE_COLOR", "TEXTUAL_THEME", "TEXTUAL_FILTERS", "TEXTUAL_COLOR_SYSTEM", "TERM_PROGRAM"):
    os.environ.pop(name, None)
# The snapshot plugin has imported textual, and textual has read its environment, before this file runs.
for name, value in {"TEXTUAL_ANIMATIONS": "none", "SMOOTH_SCROLL": False, "FILTERS": ""}.items():
    setattr(constants, name, value)
Input.cursor_blink._default = False
table.MOMENT_S = 3600.0  # a change is still marked however slow the machine is
pytest_textual_snapshot.SVGImageExtension = Approved


@pytest.fixture
def as_approved(snapshot: SnapshotAssertion, tmp_path: Path) -> Gallery:
    return Gallery(snapshot.use_extension(Approved), tmp_path)
