"""nginx's configuration on a host: read as nginx reads it, and edited so that nginx takes it or nothing changes."""

import asyncio
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.ports.protocols import Completed, Refused, Shell, ShellError, Unclear
from plugins._sudo import as_run
from plugins._textfile import TextFile, first_line

from .process import SLACK_S, NotRunning, NotSeen, Running, replaced, running
from .upstreams import ParseError, ServerLine, Upstream, files_of, upstreams_of

READ_EVERY_S = 30.0
"""How often it is read though no file of it changed: another may have come."""
CHECK_S = 20.0
"""The longest that nginx may take to check its configuration: it resolves the names of its servers then."""
DUMP_LIMIT = 250 * 1024
"""A dump of so many characters may have been cut off."""

Pick = Callable[[Upstream], ServerLine]
"""The line of an upstream that an edit is about. Raises Refused."""
Edit = Callable[[str, ServerLine], str]
"""The text of the file that the line stands in, changed."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands on disk."""

    files: dict[str, str]
    changed_s: dict[str, float]
    """When each file was changed, by the host's wall clock."""
    upstreams: dict[str, Upstream]

    def newer(self, than_s: float) -> list[str]:
        """The files that were changed after that second."""
        return [file for file, changed_s in self.changed_s.items() if changed_s > than_s]


class Configuration:
    """The files of one nginx, and whether its workers have loaded them."""

    def __init__(
        self, host: str, shell: Shell, program: Sequence[str], pid_file: str, *, sudo: bool, deadline_s: float
    ) -> None:
        self._host = host
        self._shell = shell
        self._program = tuple(program)
        self._pid_file = pid_file
        self._sudo = sudo
        self._deadline_s = deadline_s
        self._written: Written | None = None
        self._read_at_s = float("-inf")
        self._loaded: tuple[frozenset[int], dict[str, str]] | None = None
        """Workers, and what they were seen to have loaded."""
        self._editing = asyncio.Lock()

    @property
    def reload_command(self) -> str:
        """As it is typed on the host."""
        return shlex.join(as_run((*self._program, "-s", "reload"), sudo=self._sudo))

    async def version(self) -> str:
        """As nginx tells it; empty when it does not. Raises ShellError."""
        said = await self._shell.run((*self._program, "-v"), timeout_s=self._deadline_s)
        return first_line(said).rpartition("/")[2].partition(" ")[0] if not said.status else ""

    async def processes(self) -> Running:
        """Who runs now. Raises NotSeen, NotRunning or ShellError."""
        return await running(self._shell, self._pid_file, self._deadline_s)

    async def written(self) -> Written:
        """What stands on disk now. Raises NotSeen or ShellError."""
        known = self._written
        if known and time.monotonic() < self._read_at_s + READ_EVERY_S:
            changed_s = await self._changed_s(known.files)
            if changed_s == known.changed_s:
                return known
        dump = await self._nginx("-T")
        if dump.status:
            raise NotSeen(f"`nginx -T` fails: {first_line(dump)}")
        if len(dump.stdout) > DUMP_LIMIT:
            raise NotSeen(f"its configuration is larger than {DUMP_LIMIT // 1024} KiB")
        try:
            files = files_of(dump.stdout)
            found = Written(files, await self._changed_s(files), upstreams_of(files))
        except (ParseError, KeyError) as problem:
            raise NotSeen(f"its configuration cannot be read: {problem}") from None
        self._written, self._read_at_s = found, time.monotonic()
        return found

    def not_loaded(self, process: Running, written: Written) -> list[str]:
        """The files that were changed after the workers had started, and so are not what they do."""
        if self._loaded == (process.workers, written.files):
            return []  # touched, or written anew as it was
        newer = written.newer(process.since_s + SLACK_S)
        if not newer:
            self._loaded = process.workers, written.files
        return newer

    async def refuses_edits(self, upstreams: Sequence[Upstream]) -> str:
        """Why it may not be changed, by a dry run; empty when it may."""
        files = dict.fromkeys(file for upstream in upstreams for file in upstream.files)
        for file in files:
            if why := await self._file(file).refuses_edits():
                return why
        if self._sudo:
            asked = ("sudo", "-n", "-l", *self._program, "-s", "reload")
            try:
                if (await self._shell.run(asked, timeout_s=self._deadline_s)).status:
                    return f"sudo does not let this user run '{shlex.join(asked[3:])}' without a password"
            except ShellError as problem:
                return str(problem)
        return ""

    async def edit(self, name: str, pick: Pick, change: Edit, within_s: float) -> None:
        """Change one file and have it loaded, or leave it as it was. Raises Refused or Unclear."""
        async with self._editing:
            try:
                process = await self.processes()
                self._written = None
                written = await self.written()
            except (NotSeen, NotRunning, ShellError) as problem:
                raise Refused(f"{self._host}: {problem}; nothing was changed") from None
            if late := self.not_loaded(process, written):
                raise Refused(f"{self._host}: {said_not_loaded(late)}; nothing was changed")
            file = self._file(pick(self._upstream(written.files, name)).file)
            before = await file.read()
            after = change(before, pick(self._upstream({**written.files, file.path: before}, name)))
            if after != before:
                await file.replace(before, after)
                await self._take(file, within_s)
            self._written = None

    def _upstream(self, files: dict[str, str], name: str) -> Upstream:
        """Raises Refused."""
        try:
            upstream = upstreams_of(files).get(name)
        except ParseError as problem:
            raise Refused(f"{self._host}: {problem}; nothing was changed") from None
        if upstream is None or not upstream.servers:
            raise Refused(f"{self._host}: there is no upstream '{name}' with servers")
        return upstream

    async def _take(self, file: TextFile, within_s: float) -> None:
        """Have the new text loaded; where it is not, the old one is put back and loaded."""
        why = await self._load(within_s)
        if not why:
            return
        try:
            await file.restore()
        except (Refused, Unclear) as problem:
            raise Unclear(f"{self._host}: {why}; {problem}") from None
        if not_back := await self._load(within_s):
            raise Unclear(f"{self._host}: {why}; {file.path} is as it was, and not loaded: {not_back}")
        raise Refused(f"{self._host}: {why}; {file.path} is as it was")

    async def _load(self, within_s: float) -> str:
        """Why new workers did not take over; empty when they did."""
        try:
            workers = (await self.processes()).workers
            for words in (("-t",), ("-s", "reload")):
                done = await self._nginx(*words)
                if done.status:
                    return f"`nginx {' '.join(words)}` says: {first_line(done)}"
            if await replaced(self._shell, self._pid_file, workers, within_s, self._deadline_s):
                return ""
        except (NotSeen, NotRunning, ShellError) as problem:
            return str(problem)
        return f"no new workers took over within {within_s:g} s of the reload"

    def _file(self, path: str) -> TextFile:
        return TextFile(self._host, self._shell, path, self._sudo)

    async def _changed_s(self, files: dict[str, str]) -> dict[str, float]:
        # Of the inode: a file that was moved into its place keeps the time at which it was written.
        argv = as_run(("stat", "-L", "-c", "%.9Z %n", "--", *files), sudo=self._sudo)
        done = await self._shell.run(argv, timeout_s=self._deadline_s)
        lines = (line.partition(" ") for line in done.stdout.splitlines())
        return {name: float(changed) for changed, _, name in lines}

    async def _nginx(self, *options: str) -> Completed:
        argv = as_run((*self._program, *options), sudo=self._sudo)
        return await self._shell.run(argv, timeout_s=CHECK_S)


def said_not_loaded(files: Sequence[str]) -> str:
    """What is to be done about files that the workers do not know."""
    return (
        f"its workers run without what was changed in {', '.join(files)}: reload nginx to have it loaded, "
        "or put the file back and reload"
    )
