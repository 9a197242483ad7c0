"""haproxy.cfg on the balancer's host: written so that HAProxy takes it, or left as it is."""

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from console.cluster.snapshot import Backend
from console.ports.plugins import Context
from console.ports.protocols import LineChange, Refused, Shell, ShellError
from plugins._local import LocalShell
from plugins._sudo import as_run
from plugins._textfile import TextFile, first_line

from .lines import Lines, edited, read_lines
from .runtime import Runtime

CHECK_S = 20.0
"""The longest that HAProxy may take to check a configuration: it resolves the names of its servers then."""
FIELD = "{config}"


class Settings(Protocol):
    """What of a `[[balancers]]` table is about the file."""

    config: str
    checker: tuple[str, ...]
    sudo: bool


class ConfigurationFile:
    """One haproxy.cfg, which may be written."""

    def __init__(self, host: str, shell: Shell, path: str, checker: Sequence[str], *, sudo: bool) -> None:
        self._host = host
        self._shell = shell
        self._checker = tuple(checker)
        self._sudo = sudo
        self._file = TextFile(host, shell, path, sudo)
        self._writing = asyncio.Lock()

    async def lines(self) -> tuple[str, Mapping[str, Lines]]:
        """Why none can be written, by a dry run, and what stands there by backend."""
        try:
            text = await self._file.read()
        except Refused as refusal:
            return str(refusal), {}
        refuses = await self._file.refuses_edits() or await self._complains(self._file.path)
        return refuses, read_lines(text)

    async def write(self, changes: Sequence[LineChange]) -> None:
        """All of them or none. Raises Refused or Unclear."""
        async with self._writing:
            before = await self._file.read()
            after = edited(before, changes)
            if after != before:
                await self._file.replace(before, after, self._complains)

    def command(self, changes: Sequence[LineChange]) -> str:
        """What is written, a line each, and what checks it."""
        told = [_told(change) for change in changes]
        return "\n".join([*(f"{self._file.path}: {line}" for line in told), shlex.join(self._check(self._file.path))])

    async def _complains(self, path: str) -> str:
        try:
            done = await self._shell.run(self._check(path), timeout_s=CHECK_S)
        except ShellError as problem:
            return str(problem)
        return f"{self._host}: `{self._checker[0]} -c` says: {first_line(done)}" if done.status else ""

    def _check(self, path: str) -> tuple[str, ...]:
        return as_run([word.replace(FIELD, path) for word in self._checker], sudo=self._sudo)


class Written:
    """What stands in the configuration of one balancer, where it can be reached at all."""

    def __init__(self, settings: Settings, context: Context, runtime: Runtime) -> None:
        self._file: ConfigurationFile | None = None
        self._refuses = "give the path of haproxy.cfg as `config`, and a socket that is unix:// or ssh://"
        self._lines: Mapping[str, Lines] = {}
        shell = runtime.shell or (LocalShell() if runtime.local else None)
        if settings.config and shell:
            self._file = ConfigurationFile(context.name, shell, settings.config, settings.checker, sudo=settings.sudo)
            self._refuses = "its configuration was not read yet"

    @property
    def file(self) -> ConfigurationFile:
        """Raises Refused where it cannot be reached."""
        if self._file is None:
            raise Refused(f"no line can be written: {self._refuses}")
        return self._file

    async def read(self, deadline_s: float) -> None:
        """Look again at what stands there, and whether it may be written."""
        if self._file is None:
            return
        try:
            async with asyncio.timeout(deadline_s):
                self._refuses, self._lines = await self._file.lines()
        except TimeoutError:
            self._refuses = f"whether its configuration can be written was not known within {deadline_s:g} s"

    def told(self, backend: Backend) -> Backend:
        """The backend, with what can be written of it."""
        lines = self._lines.get(backend.name)
        if lines is None:
            refuses = self._refuses or "it has no section of its own in the configuration"
            return replace(backend, refuses_lines=refuses)
        return replace(backend, refuses_lines=self._refuses or lines.refuses, written=lines.written)


def _told(change: LineChange) -> str:
    where = f"backend {change.backend}"
    if change.after is None:
        return f"in {where} without `{change.before}`"
    if change.before is None:
        return f"in {where} with `{change.after}`"
    return f"in {where} `{change.after}` instead of `{change.before}`"
