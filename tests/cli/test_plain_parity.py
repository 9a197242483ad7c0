"""Whatever a key of the console does, a line of plain mode does too; or it is a matter of the screen alone."""

import shlex
from typing import cast

import pytest

from console.change.actions import ACTIONS
from console.cli.plain_verbs import VERBS, Here, understood
from console.session import Session
from console.tui.commands import COMMANDS, Command

MOVES = "next previous up down page-up page-down first last earlier later"
LEAVES = "clear back tour pause wrap search themes keep remember"
SCREEN = frozenset(f"{MOVES} {LEAVES} copy command palette redraw".split())
"""What moves a cursor, opens a screen or leaves it: lines have neither cursor nor screens, and a shell copies."""
PLACES = frozenset({"text", "question", "table"})
"""Places whose every key is of that kind."""
PLAIN = {
    "dashboard.actions": "show app2",
    "dashboard.detail": "show app2",
    "dashboard.wayback": "wayback",
    "dashboard.run": "follow",
    "view.dashboard": "status",
    "view.topology": "topology",
    "view.timeline": "timeline",
    "view.faults": "findings",
    "view.look": "status",
    "view.findings": "findings",
    "view.runbooks": "runbooks",
    "view.journal": "journal",
    "view.headroom": "headroom",
    "view.unfinished": "unfinished",
    "view.connections": "connections",
    "view.fleet": "fleet",
    "fleet.open": "fleet",
    "connections.detail": "connections",
    "connections.again": "connections",
    "view.filter": "servers app[12]",
    "view.mark": "drain app1 app2",
    "menu.choose": "plan drain app2",
    "detail.actions": "show app2",
    "dashboard.raw": "raw app2",
    "dashboard.logs": "logs app2",
    "detail.raw": "raw app2",
    "detail.logs": "logs app2",
    "raw.again": "raw app2",
    "logs.again": "logs app2",
    "logs.follow": "logs app2 --follow",
    "timeline.detail": "timeline",
    "timeline.export": "timeline --markdown",
    "topology.actions": "show app2",
    "topology.detail": "show app2",
    "plan.again": "plan drain app2",
    "progress.wait": "follow",
    "progress.extend": "follow",
    "progress.end": "follow",
    "progress.undo": "follow",
    "journal.verify": "journal verify",
    "journal.detail": "journal show --json",
    "findings.mend": "plan drain app2",
    "unfinished.resume": "resume 1a2b3c4d",
    "unfinished.undo": "undo 1a2b3c4d",
    "unfinished.close": "close 1a2b3c4d",
    "runbooks.open": "runbook show patch",
    "runbooks.agree": "approve 1a2b3c4d",
    "runbooks.refuse": "approve 1a2b3c4d --no",
    "reading.again": "runbook run patch --dry-run",
    "guided.again": "runbook resume 1a2b3c4d",
    "guided.accept": "runbook resume 1a2b3c4d --as-it-is",
    "guided.skip": "runbook resume 1a2b3c4d",
    "guided.pause": "runbook resume 1a2b3c4d",
    "guided.carry-on": "runbook resume 1a2b3c4d",
    "guided.stop": "runbook resume 1a2b3c4d",
    "guided.unwind": "runbook resume 1a2b3c4d --unwind",
    "guided.run": "follow",
    "everywhere.help": "help",
    "everywhere.quit": "quit",
}
"""Each function of the console, and a line that does it. What a running change asks is asked by `run` and `follow`."""


def of_the_screen(command: Command) -> bool:
    name = command.id.partition(".")[2]
    return command.where in PLACES or name in SCREEN or name.startswith("sort-")


class _Actions:
    actions = ACTIONS


HERE = cast(Here, type("HereOnly", (), {"session": cast(Session, _Actions)}))


@pytest.mark.parametrize("command", [c for c in COMMANDS if not of_the_screen(c)], ids=lambda c: c.id)
def test_every_function_of_the_console_has_its_line(command: Command) -> None:
    assert command.id in PLAIN, f"say in PLAIN which line of plain mode does '{command.help}', or that it is SCREEN's"
    act, words = understood(HERE, PLAIN[command.id])
    assert act is not None or words


def test_every_action_is_a_line_of_its_own() -> None:
    for action in ACTIONS:
        assert understood(HERE, f"{action.name} db1") == (None, ["run", action.name, "db1"])


def test_what_stands_for_words_of_the_command_line_is_a_verb_there() -> None:
    for verb in VERBS:
        act, words = understood(HERE, verb.name if verb.name != "events" else "events on")
        assert act is verb.act or words[0] == (shlex.split(verb.short_for) or [verb.name])[0]
