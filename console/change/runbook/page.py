"""The evidence of a runbook's run as one HTML file: nothing from outside, no script, everything in it escaped."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console.change.runbook.evidence import Evidence, Moment
from console.change.runbook.report import ended, facts, measured, wholeness

TEMPLATE = "report.html"


def page(evidence: Evidence, drawings: Sequence[tuple[Moment, str]] = ()) -> str:
    """One document; the same evidence and the same drawings (SVG, of our own making) give the same text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        run=evidence,
        facts=list(facts(evidence)),
        drawings=[(moment, Markup(drawing)) for moment, drawing in drawings],
        ended=ended,
        measured=measured,
        wholeness=wholeness(evidence),
        time=_time,
    )


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
