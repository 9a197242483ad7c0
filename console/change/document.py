"""A plan and its events as the JSON documents of the command-line contract."""

from datetime import datetime
from typing import Any

from console.change.aftercare import Aftercare
from console.change.events import Event
from console.change.plan import Plan
from console.cluster.whatif import Standing


def plan_document(plan: Plan) -> dict[str, Any]:
    """`plan --json`."""
    return {
        "title": plan.title,
        "hash": plan.hash,
        "fingerprint": plan.fingerprint_hash,
        "impact": {
            "grade": str(plan.impact.grade),
            "says": plan.impact.says,
            "before": _standing(plan.impact.before),
            "after": _standing(plan.impact.after),
            "after_one_more": _standing(plan.impact.after_one_more),
            "weighed": list(plan.impact.weighed),
        },
        "preflight": [
            {"says": check.says, "ok": check.ok or check.warns, "value": check.value, "limit": check.limit}
            for check in plan.checks
        ],
        "notes": list(plan.notes),
        "steps": [
            {
                "does": step.does,
                "command": step.command,
                "proof": step.proof.says,
                "undo": step.undone.says if step.undone else step.undo_says,
                "patience_s": step.patience_s,
            }
            for step in plan.steps
        ],
    }


def event_document(event: Event) -> dict[str, Any]:
    """One line of `run --json`."""
    return {
        "at": event.at.isoformat(),
        "run": event.run,
        "kind": str(event.kind),
        "step": event.step,
        "says": event.says,
    }


def aftercare_document(found: Aftercare, run: str, at: datetime) -> dict[str, Any]:
    """The last line of `run --json --watch-after`."""
    back = found.way_back
    return {
        "at": at.isoformat(),
        "run": run,
        "kind": "aftercare",
        "step": None,
        "says": found.says,
        "verdict": str(found.verdict),
        "watched_s": round(found.watched_s, 1),
        "measures": [
            {
                "what": measure.what,
                "before": _rounded(measure.before),
                "since": _rounded(measure.since),
                "worse": measure.worse,
            }
            for measure in found.measures
        ],
        "way_back": back and {"action": back.action, "target": back.target, "parameters": dict(back.parameters)},
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "app_servers_serving": standing.serving,
        "capacity": round(standing.capacity, 3),
        "busiest_server": standing.burden.server or None,
        "busiest_share": round(standing.burden.share, 3),
        "busiest_requests_s": _rounded(standing.burden.requests_s),
        "busiest_of_session_limit": _rounded(standing.burden.of_limit),
        "busiest_of_most_seen": _rounded(standing.burden.of_seen),
        "votes_up": standing.votes_up,
        "majority": standing.majority,
        "electable": standing.electable,
        "app_servers_tolerated": standing.app_servers,
        "members_tolerated": standing.members,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
