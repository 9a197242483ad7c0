"""Commands on one host: what service managers, containers and hypervisors are driven by, and how they fail."""

import asyncio
import shlex
import time
from collections.abc import Sequence

from console.cluster.text import clean
from console.ports.plugins import Context
from console.ports.protocols import Completed, Refused, Shell, ShellError, Unclear
from plugins._sudo import SUDO, as_run, rule, unallowed

SHOWN_CHARACTERS = 200
REACH_S = 2.0
"""How much longer than its command a host may take to answer."""
RIGHTS_FOR_S = 5.0
"""How long what sudo allows is taken to stand."""
PASSWORD_ASKED = ("a password is required", "a terminal is required", "askpass")


class Unread(Exception):
    """What was asked could not be read; the message says why."""


class Commands:
    """Runs the commands of one node, on its own host or on another that is named."""

    def __init__(self, context: Context, deadline_s: float, *, host: str = "", sudo: bool = False) -> None:
        if deadline_s <= 0:
            raise ValueError("deadline_s must be more than 0")
        if context.shells is None:
            raise ValueError("its commands need a [shell] table")
        name = host or context.hosts.get(context.name, "" if context.hosts else context.name)
        if not name:
            raise ValueError(f"{context.name} has no shell (`ssh` is empty), and its commands need one")
        self.node = context.name
        self.where = host or context.name
        self._shell: Shell = context.shells.on(name)
        self._deadline_s = deadline_s
        self._sudo = sudo
        self._rights: tuple[Sequence[Sequence[str]], float, str] | None = None

    async def read(self, argv: Sequence[str], *, statuses: Sequence[int] = (0,)) -> str:
        """What a command prints. Raises Unread when it ends with none of the statuses."""
        done = await self.completed(argv)
        if done.status not in statuses:
            raise Unread(self.problem(argv, done))
        return done.stdout

    async def completed(self, argv: Sequence[str]) -> Completed:
        """How a reading command ended, however that was. Raises Unread when it did not come to its end."""
        try:
            return await self._run(argv)
        except TimeoutError:
            raise Unread(f"no answer within {self._deadline_s:g} s") from None
        except ShellError as problem:
            raise Unread(str(problem)) from None

    async def log(self, argv: Sequence[str]) -> Completed:
        """A command that prints a log, run to its end with success. Raises ShellError with the mend."""
        try:
            done = await self.completed(argv)
        except Unread as problem:
            raise ShellError(str(problem)) from None
        if done.status:
            raise ShellError(f"{self.where}: {self.problem(argv, done)}")
        return done

    async def change(self, argv: Sequence[str]) -> str:
        """Run a command that changes something, and return what it prints. Raises Refused or Unclear."""
        words = self.words(argv)
        try:
            done = await self._run(words)
        except TimeoutError:
            late = f"did not end within {self._deadline_s:g} s"
            raise Unclear(f"'{shlex.join(words)}' on {self.where} {late}") from None
        except ShellError as problem:
            raise Unclear(f"'{shlex.join(words)}' on {self.where}: {problem}") from None
        if done.status:
            raise Refused(f"{self.where}: {self.problem(words, done)}")
        return done.stdout

    def words(self, argv: Sequence[str]) -> list[str]:
        """The command as it is run, by sudo where the settings say so."""
        return list(as_run(argv, sudo=self._sudo))

    def line(self, argv: Sequence[str]) -> str:
        """The same as it would be typed."""
        return shlex.join(self.words(argv))

    async def forbidden(self, argvs: Sequence[Sequence[str]]) -> str:
        """Why one of these commands may not be run, without running it; empty: all may.

        Raises:
            Unread: the host could not be asked.
        """
        if not self._sudo or not argvs:
            return ""
        if self._rights and self._rights[0] == argvs and time.monotonic() - self._rights[1] < RIGHTS_FOR_S:
            return self._rights[2]
        found = await self._forbidden(argvs)
        self._rights = (argvs, time.monotonic(), found)
        return found

    async def _forbidden(self, argvs: Sequence[Sequence[str]]) -> str:
        found = await unallowed(self.completed, argvs)
        if found is None:
            return ""
        argv, done = found
        if done is None:
            return self._unallowed(argv, "its rule asks for a password")
        return self.problem([*SUDO, *argv], done) if done.stderr.strip() else self._unallowed(argv, "")

    def problem(self, argv: Sequence[str], done: Completed) -> str:
        """What a failed command says, with the mend where it is known."""
        said = first_line(done.stderr) or first_line(done.stdout) or f"exit status {done.status}"
        if any(words in done.stderr for words in PASSWORD_ASKED) or "not allowed" in done.stderr:
            return self._unallowed(argv, said)
        if done.status == 127 or "command not found" in done.stderr:
            missing = "sudo" if list(argv[:2]) == list(SUDO) and "sudo" in said else argv[0]
            return f"there is no {missing} on {self.where} ({said})"
        return said

    def _unallowed(self, argv: Sequence[str], because: str) -> str:
        wanted = rule(argv[len(SUDO) :] if tuple(argv[: len(SUDO)]) == SUDO else argv)
        said = f" ({because})" if because else ""
        return f"sudo does not let us run it without a password; give our user `{wanted}`{said}"

    async def _run(self, argv: Sequence[str]) -> Completed:
        async with asyncio.timeout(self._deadline_s + REACH_S):
            return await self._shell.run(argv, timeout_s=self._deadline_s)


def first_line(text: str) -> str:
    """The first line that says something, safe to show."""
    return clean(next((line.strip() for line in text.splitlines() if line.strip()), ""), SHOWN_CHARACTERS)


def properties(text: str) -> dict[str, str]:
    """`key=value` lines, as systemctl and the cgroup files write them."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
