"""What can be typed in plain mode: this table, every action with its targets, and every verb of the command line."""

import shlex
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import click

import console
from console.change.chronicle import done
from console.change.journal import JournalError, recent
from console.change.turn import owner
from console.cli import linear
from console.cli.change import EXIT_CODES, followed
from console.cli.root import VERBS as COMMAND_LINE
from console.cli.settings import Mistake
from console.cli.timeline import incident_lines
from console.cli.topology import topology_document, topology_lines
from console.cli.words import (
    print_aftercare,
    print_balancers,
    print_findings,
    print_members,
    print_nodes,
    print_servers,
)
from console.cluster.changes import Change
from console.cluster.text import clean, meant
from console.cluster.timeline import incidents, seen
from console.session import Session

KEPT = 500
NOT_FROM_HERE = frozenset({"demo", "serve"})
"""Verbs that open a console of their own."""


@dataclass(slots=True)
class Here:
    """What a verb finds: the session, and what has changed since it was opened."""

    session: Session
    state_dir: Path
    asks: bool
    """Somebody sits there: what is missing is asked for, and changes are told as they happen."""
    says_events: bool = False
    events: deque[tuple[datetime, Change]] = field(default_factory=lambda: deque(maxlen=KEPT))


Act = Callable[[Here, list[str]], object]


@dataclass(frozen=True, slots=True)
class Verb:
    """One word of plain mode, with what it takes and does."""

    name: str
    takes: str
    does: str
    act: Act | None = None
    """What it does here, returning what comes of it: an exit code, or nothing."""
    short_for: str = ""
    """The words of the command line that it stands for."""


def _servers(here: Here, words: list[str]) -> None:
    print_servers(here.session.snapshot, " ".join(words))


def _balancers(here: Here, words: list[str]) -> None:
    print_balancers(here.session.snapshot, " ".join(words))


def _members(here: Here, words: list[str]) -> None:
    print_members(here.session.snapshot, " ".join(words))


def _nodes(here: Here, words: list[str]) -> None:
    print_nodes(here.session.snapshot, " ".join(words))


def _topology(here: Here, words: list[str]) -> None:
    say(topology_lines(topology_document(here.session.snapshot)))


def _show(here: Here, words: list[str]) -> None:
    snapshot = here.session.snapshot
    name = " ".join(words)
    found = linear.things(snapshot, name)
    if not found:
        there = linear.names(snapshot)
        raise Mistake(f"show what? {meant(name, there)}there are: {', '.join(there)}")
    for tier, thing in found:
        say(linear.described(tier, thing))
        say(linear.measured(here.session.history, tier, name))
    own = [finding for finding in snapshot.findings if finding.subject == name]
    if own:
        print_findings(own)
    say(_told(event for event in here.events if name in event[1].subject.split("/")))
    try:
        say(linear.done(recent(here.session.journal, here.state_dir, here.session.cluster, name)))
    except JournalError as problem:
        say([f"what was done to it is not known: {problem}"])
    verbs = [action.name for action in here.session.actions if name in action.targets(snapshot)]
    say([f"what can be planned for it: {', '.join(verbs) or 'nothing'}"])


def _findings(here: Here, words: list[str]) -> None:
    found = here.session.snapshot.findings
    print_findings(found)
    say(f"to do about {finding.subject}: plan {finding.mend}" for finding in found if finding.mend)


def _events(here: Here, words: list[str]) -> None:
    if words not in (["on"], ["off"]):
        raise Mistake("events what? type: events on, or: events off; `timeline` shows those that were")
    here.says_events = words == ["on"]
    say([f"events are told from now on: {'yes' if here.says_events else 'no'}"])


def _timeline(here: Here, words: list[str]) -> None:
    did = done(here.session.journal, here.state_dir, here.session.cluster)
    found = incidents([*(seen(at, change) for at, change in here.events), *did])
    for incident in found:
        say(incident_lines(incident))
    if not found:
        say(["nothing has changed since this console was opened, and nothing was done before"])


def _follow(here: Here, words: list[str]) -> int:
    from console.cli.see import waited

    if here.session.run is None:
        raise Mistake("no change was begun from here")
    return EXIT_CODES[waited(followed(here.session.run, False))]


def _whoami(here: Here, words: list[str]) -> None:
    session = here.session
    may = f"read-only: {session.journal_problem}" if session.read_only else "changes are possible"
    say([f"{owner()} on {session.cluster} ({session.environment or 'no environment'}), {may}"])
    say([f"watchkeeper {console.__version__}, cluster file {session.file.path}, state in {here.state_dir}"])


def _way_back(here: Here, words: list[str]) -> list[str] | None:
    found = here.session.aftercare()
    if found is None:
        raise Mistake("nothing was changed from here, or it has not ended yet")
    print_aftercare(found)
    return ["run", *shlex.split(str(found.way_back)), *words] if found.way_back and (here.asks or words) else None


VERBS = (
    Verb("status", "", "all three tiers, and what is wrong", short_for="status"),
    Verb("servers", "[PATTERN]", "application servers", _servers),
    Verb("balancers", "[PATTERN]", "balancers", _balancers),
    Verb(
        "members",
        "[PATTERN]",
        "members of the replica set",
        _members,
    ),
    Verb("nodes", "[PATTERN]", "hosts", _nodes),
    Verb("show", "NAME", "everything that is known of one of them, lately too", _show),
    Verb(
        "topology",
        "",
        "who sends to whom, and what stands where",
        _topology,
    ),
    Verb("findings", "", "what is wrong, and what mends it", _findings),
    Verb("requirements", "", "findings, and what a fault-tolerant deployment needs", short_for="check"),
    Verb("headroom", "", "what the peak needs, and whether to scale out or up", short_for="advise --for 0"),
    Verb("timeline", "", "what was done, and what has changed since this console was opened", _timeline),
    Verb("events", "on|off", "tell each change as it happens, or not", _events),
    Verb("plan", "ACTION TARGET", "the dry run: checks, impact, steps, undo", short_for="plan"),
    Verb("run", "ACTION TARGET", "plan it, ask, and do it; ACTION TARGET alone does the same", short_for="run"),
    Verb("follow", "", "return to the change that is running, or was last", _follow),
    Verb("wayback", "", "how it is since the last change, and what leads back", _way_back),
    Verb("unfinished", "", "interrupted runs", short_for="journal unfinished"),
    Verb("resume", "RUN", "go on with an interrupted run", short_for="journal resume"),
    Verb("undo", "RUN", "undo an interrupted run", short_for="journal undo"),
    Verb("close", "RUN", "leave an interrupted run as it stands", short_for="journal close"),
    Verb("runbooks", "", "guided maintenance: which there is", short_for="runbook list"),
    Verb("runbook", "show|run|resume|report NAME", "read it, begin it, go on with it", short_for="runbook"),
    Verb("approve", "RUN [--no]", "agree to what another operator's runbook waits for", short_for="runbook approve"),
    Verb("journal", "[show|verify|copies]", "what was done, by whom, and is it as written", short_for="journal"),
    Verb("connections", "", "try everything that the cluster file names", short_for="config test"),
    Verb("hosts", "[trust NODE]", "how each host is reached", short_for="hosts"),
    Verb("whoami", "", "who acts here, on which cluster, and may anything be changed", _whoami),
    Verb("help", "", "this"),
    Verb("quit", "", "end this console"),
)
ALIASES = {"exit": "quit", "q": "quit", "?": "help", "advice": "headroom", "mend": "findings", "ls": "status"}


def understood(here: Here, line: str) -> tuple[Act | None, list[str]]:
    """What a line means: an act with its words, or the words of the command line. Raises Mistake."""
    try:
        words = shlex.split(line.strip().removeprefix("$ ").removeprefix(":"), comments=True)
    except ValueError as problem:
        raise Mistake(f"'{line.strip()}' cannot be read: {problem}") from None
    if words[:1] == ["watchkeeper"]:
        words = words[1:]
    if not words:
        return None, []
    name, *rest = words
    name = ALIASES.get(name, name)
    actions = {action.name for action in here.session.actions}
    verb = next((verb for verb in VERBS if verb.name == name), None)
    if name in ("events", "timeline") and rest and rest[0].startswith("-"):
        return None, [name, *rest]
    if verb is not None:
        return verb.act, rest if verb.act else [*(shlex.split(verb.short_for) or [name]), *rest]
    if name in actions:
        return None, _change(name, rest)
    if name in COMMAND_LINE and name not in NOT_FROM_HERE:
        return None, [name, *rest]
    there = [*(verb.name for verb in VERBS), *sorted(actions), *COMMAND_LINE]
    hint = meant(name, there)
    raise Mistake(f"'{name}' is no command; {hint}help lists all")


def _change(action: str, rest: list[str]) -> list[str]:
    """One target: the action; several: a runbook, which plans each when its turn comes."""
    targets = 0
    while targets < len(rest) and not rest[targets].startswith("-"):
        targets += 1
    return ["run", action, *rest] if targets < 2 else ["runbook", "run", action, *rest]


def helped(here: Here) -> Iterable[str]:
    """Every word that can be typed, with what it does."""
    for verb in VERBS:
        yield f"{verb.name} {verb.takes}".strip() + f": {verb.does}"
    for action in here.session.actions:
        yield f"{action.name} {'TARGET...' if action.tier != 'replica_set' else '[TARGET]'}: {action.does}"
    others = sorted(set(COMMAND_LINE) - NOT_FROM_HERE - {verb.name for verb in VERBS})
    yield f"of the command line, as well: {', '.join(others)}; each with --help"


def completions(here: Here) -> list[str]:
    """Everything that can be typed now."""
    snapshot = here.session.snapshot
    acts = [f"{action.name} {target}" for action in here.session.actions for target in action.targets(snapshot)]
    shows = [f"show {name}" for name in linear.names(snapshot)]
    return [*(verb.name for verb in VERBS), *acts, *(f"plan {act}" for act in acts), *shows]


def say(lines: Iterable[str]) -> None:
    """One line each, as long as it is: the terminal folds them itself."""
    for line in lines:
        click.echo(clean(line, limit=4000))


def _told(events: Iterable[tuple[datetime, Change]]) -> Sequence[str]:
    return [event_line(at, change) for at, change in events]


def event_line(at: datetime, change: Change) -> str:
    """One change in a line."""
    return f"{at:%H:%M:%S} UTC {change.subject}: {change.says}"
