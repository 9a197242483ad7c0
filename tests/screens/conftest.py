"""Approved screens stand in `screenshots/` by the names that the README uses, and look the same on every machine."""

import os
import warnings
from pathlib import Path
from typing import Any

import pytest_textual_snapshot  # type: ignore[import-untyped]
from textual import constants
from textual.widgets import Input

from console.tui import table

for name in ("NO_COLOR", "FORCE_COLOR", "TEXTUAL_THEME", "TEXTUAL_FILTERS", "TEXTUAL_COLOR_SYSTEM", "TERM_PROGRAM"):
    os.environ.pop(name, None)
# The snapshot plugin has imported textual, and textual has read its environment, before this file runs.
for name, value in {"TEXTUAL_ANIMATIONS": "none", "SMOOTH_SCROLL": False, "FILTERS": ""}.items():
    setattr(constants, name, value)
Input.cursor_blink._default = False
table.MOMENT_S = 3600.0  # a change is still marked however slow the machine is


class Approved(pytest_textual_snapshot.SVGImageExtension):  # type: ignore[misc]
    """One file for each screen; the name stands in the test's id."""

    @classmethod
    def dirname(cls, **_: Any) -> str:
        return str(Path(__file__).resolve().parents[2] / "screenshots")

    @classmethod
    def get_snapshot_name(cls, *, test_location: Any, **_: Any) -> str:
        return str(test_location.snapshot_name).partition("[")[2].rstrip("]")

    @classmethod
    def write_snapshot(cls, **what: Any) -> None:
        with warnings.catch_warnings(action="ignore"):  # about names that do not begin with the test's
            super().write_snapshot(**what)


pytest_textual_snapshot.SVGImageExtension = Approved
