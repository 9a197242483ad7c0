"""Whether sudo lets our user run a command without a password, found out without running it.

`sudo -l COMMAND` says whether a command is allowed at all, and not whether its rule asks for a password; that stands
only in the list of all rules, of which the last that matches counts (measured with sudo 1.9.13).
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from console.ports.protocols import Completed

SUDO = ("sudo", "-n")
"""Fails instead of asking for a password."""
LIST_ALL = (*SUDO, "-l", "-l")
WITHOUT_PASSWORD = "!authenticate"
TO_ESCAPE = re.compile(r"[,:=\\]")
ESCAPED = re.compile(r"\\([,:=\\])")


def rule(argv: Sequence[str]) -> str:
    """What has to stand in sudoers for a command, without the path of its program."""
    return f"NOPASSWD: {TO_ESCAPE.sub(lambda found: chr(92) + found[0], ' '.join(argv))}"


Run = Callable[[Sequence[str]], Awaitable[Completed]]


async def unallowed(run: Run, argvs: Sequence[Sequence[str]]) -> tuple[Sequence[str], Completed | None] | None:
    """The first command that may not be run without a password, and sudo's answer where it refused; None: all may.

    Raises what `run` raises.
    """
    rules = (await run(LIST_ALL)).stdout
    for argv in argvs:
        done = await run([*SUDO, "-l", *argv])  # its answer is the command with its full path
        if done.status:
            return argv, done
        if asks_password(done.stdout.strip(), rules):
            return argv, None
    return None


def as_run(argv: Sequence[str], *, sudo: bool) -> tuple[str, ...]:
    """A command as it is run, by sudo or as it is."""
    return (*SUDO, *argv) if sudo else tuple(argv)


def asks_password(command: str, rules: str) -> bool:
    """Whether the rule for a command, as `sudo -l -l` lists all, asks for a password."""
    asks = WITHOUT_PASSWORD not in rules.partition("Sudoers entry:")[0]
    found = asks
    for options, patterns in _entries(rules):
        if any(_matches(command, pattern) for pattern in patterns):
            words = [option.strip() for option in options.split(",")]
            found = "authenticate" in words or (asks and WITHOUT_PASSWORD not in words)
    return found


def _entries(rules: str) -> Iterator[tuple[str, list[str]]]:
    """Options and command patterns of each rule, in the order in which sudo reads them."""
    for entry in rules.split("Sudoers entry:")[1:]:
        options, patterns, listing = "", [], False
        for line in entry.splitlines():
            word = line.strip()
            if word.startswith("Options:"):
                options = word.removeprefix("Options:")
            elif listing and word and not word.startswith("!"):
                patterns.append(word)
            listing = listing or word == "Commands:"
        yield options, patterns


def _matches(command: str, pattern: str) -> bool:
    """A pattern without arguments allows any; `""` allows none. Some characters are escaped in it, as in sudoers."""
    pattern = ESCAPED.sub(r"\1", pattern)
    if pattern == "ALL":
        return True
    program, _, arguments = command.partition(" ")
    wanted, _, pattern_arguments = pattern.partition(" ")
    if not fnmatchcase(program, wanted):
        return False
    return not pattern_arguments or fnmatchcase(arguments, pattern_arguments.replace('""', ""))
