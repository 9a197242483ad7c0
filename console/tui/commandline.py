"""The `:` line: a command by its name, an action with its target, a theme by its name."""

import shlex
from collections.abc import Sequence

from console.change.action import Value
from console.cluster.snapshot import Snapshot
from console.cluster.text import meant
from console.ports.error import OperatorError
from console.session import Session
from console.tui.commands import Command, commands

ALIASES = {"q": "quit", "exit": "quit", "events": "timeline", "advice": "headroom"}


TARGETLESS = ("step-down",)
"""Who is meant is clear without a name."""


class NotACommand(OperatorError):
    """The words are no command; the message says what there is."""


def named() -> dict[str, Command]:
    """The commands that can be typed: those of the dashboard, of every view and everywhere, by their titles."""
    return {command.title: command for command in commands("dashboard", "view", "everywhere")}


def completions(session: Session, snapshot: Snapshot, themes: Sequence[str]) -> list[str]:
    """Everything that can be typed now."""
    acts = [f"{action.name} {target}" for action in session.actions for target in action.targets(snapshot)]
    return [*acts, *named(), *(f"theme {theme}" for theme in themes)]


def understand(words: str, session: Session, faults: Sequence[str] = ()) -> Command | tuple[str, str]:
    """What a key does too; or `theme`, `cluster`, an action or a fault, and its target.

    Raises NotACommand with the nearest word.
    """
    verb, _, rest = words.partition(" ")
    actions = [action.name for action in session.actions]
    verbs = (*actions, "theme", "cluster", *faults)
    begun = [one for one in verbs if one.startswith(verb)] if rest else []
    if verb in verbs or len(begun) == 1:
        verb = verb if verb in verbs else begun[0]
        if not rest.strip() and verb not in TARGETLESS:
            raise NotACommand(f"{verb} what? type: {verb} NAME")
        return verb, rest.strip()
    if (command := _command(words)) is not None:
        return command
    hint = meant(words, [*verbs, *named()])
    raise NotACommand(f"'{words}' is not a command; {hint}? shows every key, ctrl+p every command")


def arguments(rest: str) -> tuple[tuple[str, ...], dict[str, Value]]:
    """The targets of an action, and its parameters as the command line takes them: `app2 --until 30m`.

    Raises NotACommand.
    """
    try:
        words = iter(shlex.split(rest))
    except ValueError as mistake:
        raise NotACommand(f"{rest}: {mistake}") from None
    targets: list[str] = []
    given: dict[str, Value] = {}
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            given[name] = value if equals else next(words, "")
        else:
            targets.append(word)
    return tuple(targets), given


def _command(words: str) -> Command | None:
    """By its name, another name for it, or as much of it as no other begins with."""
    there = named()
    if words in there or words in ALIASES:
        return there[ALIASES.get(words, words)]
    begun = [command for title, command in there.items() if title.startswith(words)]
    return begun[0] if len(begun) == 1 else None
