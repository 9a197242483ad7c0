"""A text file on a host: read whole, and replaced as one, with what it held before kept beside it."""

import difflib
import shlex
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from console.cluster.text import clean
from console.ports.protocols import Completed, Refused, Shell, ShellError, Unclear
from plugins._sudo import as_run, rule, unallowed

COMMAND_S = 10.0
"""The longest that one of the small commands may take."""

Check = Callable[[str], Awaitable[str]]
"""Of the path of a new file, why it is wrong; empty when it is right."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """One file by its path; where that is a link, the file behind it is edited and the link stays."""

    host: str
    """Its name, for what is told."""
    shell: Shell
    path: str
    sudo: bool = False

    async def read(self) -> str:
        """All of it. Raises Refused for what could not be written again as it is."""
        size = await self._must("stat", "-L", "-c", "%s", "--", self.path)
        text = await self._must("cat", "--", self.path)
        if "\ufffd" in text or len(text.encode()) != int(size):
            raise Refused(f"{self.path} on {self.host} is not plain UTF-8 text, or too large to be edited from here")
        return text

    async def refuses_edits(self) -> str:
        """Why it cannot be replaced, by a dry run that changes nothing; empty when it can be."""
        try:
            target = await self._target()
            await self.read()
            if self.sudo:
                found = await unallowed(self._tried, self._commands(target))
                says = "sudo does not let this user run '{}' without a password; give it `{}`"
                return says.format(shlex.join(found[0]), rule(found[0])) if found else ""
            for argv in (("test", "-w", target), ("test", "-w", str(PurePosixPath(target).parent))):
                if (await self._tried(argv)).status:
                    says = "'{}' says no: this user may not write there; set `sudo = true` where sudo may"
                    return says.format(shlex.join(argv))
        except (Refused, ShellError) as problem:
            return str(problem)
        return ""

    async def replace(self, before: str, after: str, checked: Check | None = None) -> None:
        """`before` is what it must read now; `checked` says why the new one is wrong, before it takes its place.

        Raises Refused (nothing changed) or Unclear.
        """
        target = await self._target()
        new, kept = _beside(target, "new"), _beside(target, "before")
        try:
            await self._must("cp", "-p", "--", target, new)
            await self._must("cp", "-p", "--", target, kept)
            await self._must(*_writing(new), stdin=after.encode())
            if await self._owner(new) != await self._owner(target):
                raise Refused(f"the new {target} on {self.host} would have another owner or mode: set `sudo = true`")
            if await TextFile(self.host, self.shell, new, self.sudo).read() != after:
                raise Refused(f"what was written to {new} on {self.host} reads otherwise: is its disk full?")
            if checked and (why := await checked(new)):
                raise Refused(why)
            if (now := await self.read()) != before:
                raise Refused(f"{target} on {self.host} was changed meanwhile: {_difference(before, now)}")
        except Refused:
            await self._away(new)
            raise
        await self._renamed(new, target)

    async def restore(self) -> None:
        """What it held before the last `replace`. Raises Unclear, which says where that is kept."""
        target = await self._target()
        new, kept = _beside(target, "new"), _beside(target, "before")
        try:
            await self._must("cp", "-p", "--", kept, new)
            await self._renamed(new, target)
        except (Refused, Unclear) as problem:
            raise Unclear(f"{target} on {self.host} could not be restored from {kept}: {problem}") from None

    async def _tried(self, argv: Sequence[str]) -> Completed:
        return await self.shell.run(argv, timeout_s=COMMAND_S)

    def _commands(self, target: str) -> list[tuple[str, ...]]:
        """Every command of a replacement."""
        new, kept = _beside(target, "new"), _beside(target, "before")
        copies = [("cp", "-p", "--", target, copy) for copy in (new, kept)]
        return [*copies, _writing(new), ("mv", "-f", "-T", "--", new, target)]

    async def _target(self) -> str:
        return (await self._must("readlink", "-f", "--", self.path)).rstrip("\n")

    async def _owner(self, path: str) -> str:
        return await self._must("stat", "-c", "%u %g %a", "--", path)

    async def _renamed(self, new: str, target: str) -> None:
        try:
            done = await self._run(("mv", "-f", "-T", "--", new, target))
        except ShellError as problem:
            raise Unclear(f"{new} was to become {target} on {self.host}: {problem}") from None
        if done.status:
            await self._away(new)
            raise Refused(f"{new} could not become {target} on {self.host}: {first_line(done)}")

    async def _away(self, path: str) -> None:
        with suppress(ShellError):  # the refusal that led here is the better word
            await self._run(("rm", "-f", "--", path))

    async def _must(self, *argv: str, stdin: bytes = b"") -> str:
        """What it prints. Raises Refused: none of these changes the file itself."""
        try:
            done = await self._run(argv, stdin)
        except ShellError as problem:
            raise Refused(str(problem)) from None
        if done.status:
            raise Refused(f"{self.host}: {first_line(done) or f'{argv[0]} ended with status {done.status}'}")
        return done.stdout

    async def _run(self, argv: Sequence[str], stdin: bytes = b"") -> Completed:
        return await self.shell.run(as_run(argv, sudo=self.sudo), timeout_s=COMMAND_S, stdin=stdin)


def first_line(done: Completed) -> str:
    """The first thing that a command complained of, or said."""
    text = done.stderr.strip() or done.stdout.strip()
    return clean(text.partition("\n")[0])


def _writing(path: str) -> tuple[str, ...]:
    """What writes its input into a file that is there, and returns when the disk has it."""
    return ("dd", f"of={path}", "conv=fsync", "status=none")


def _beside(target: str, word: str) -> str:
    """A hidden name in the same folder: no `include *` finds it, and a rename from it is one step."""
    path = PurePosixPath(target)
    return str(path.with_name(f".{path.name}.watchkeeper-{word}"))


def _difference(before: str, now: str) -> str:
    lines = [line for line in difflib.ndiff(before.splitlines(), now.splitlines()) if line[:1] in "+-"]
    return clean("; ".join(lines[:4]))
