"""What every shell does, and whoever reads facts through one."""

from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence
from dataclasses import dataclass

from console.cluster.snapshot import Health
from console.contract.behaviour import Suite, expect
from console.contract.telling import raw_documents
from console.ports.protocols import Completed, HostFacts, Shell, ShellError, Shells, TellsRaw


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellSubject:
    """The shells of a cluster, and one host that answers."""

    port: Shells
    host: str

    @property
    def shell(self) -> Shell:
        """The host's."""
        return self.port.on(self.host)

    async def restore(self) -> None:
        """Nothing here changes a host."""


SHELL: Suite[ShellSubject] = Suite("shell")


@SHELL.behaviour()
async def words_arrive_as_they_are_and_no_shell_reads_them(subject: ShellSubject) -> None:
    words = ["a b", "$HOME", "`id`", ";", "'", '"', "*", "\\", "ä", ""]
    done = await subject.shell.run(["printf", "%s\\n", *words])
    expect(done.status == 0, f"expected status 0, got {done.status}: {done.stderr}")
    expect(done.stdout.split("\n")[:-1] == words, f"expected {words}, got {done.stdout!r}")


@SHELL.behaviour()
async def a_failed_command_tells_its_status_and_both_its_outputs(subject: ShellSubject) -> None:
    done = await subject.shell.run(["sh", "-c", "echo out; echo err >&2; exit 7"])
    told = (done.status, done.stdout.strip(), done.stderr.strip())
    expect(told == (7, "out", "err"), f"expected (7, 'out', 'err'), got {told}")


@SHELL.behaviour()
async def a_command_that_does_not_end_is_ended_there_and_told(subject: ShellSubject) -> None:
    try:
        done = await subject.shell.run(["sleep", "60"], timeout_s=0.5)
    except ShellError as problem:
        expect("sleep" in str(problem), f"expected the command in its words: {problem}")
    else:
        expect(False, f"expected that it is told, got status {done.status}")


@SHELL.behaviour()
async def a_command_that_is_not_there_ends_with_127(subject: ShellSubject) -> None:
    done = await subject.shell.run(["no-such-command-here"])
    expect(done.status == 127, f"expected status 127, got {done.status}")


@SHELL.behaviour()
async def an_output_without_end_is_cut_and_does_not_hold_us(subject: ShellSubject) -> None:
    done = await subject.shell.run(["head", "-c", "4000000", "/dev/zero"], timeout_s=20)
    expect(0 < len(done.stdout) < 4_000_000, f"expected a bounded output, got {len(done.stdout)} characters")


@SHELL.behaviour()
async def a_socket_that_is_not_there_is_told(subject: ShellSubject) -> None:
    try:
        await subject.shell.open_unix("/no/such/socket")
    except ShellError as problem:
        expect("/no/such/socket" in str(problem), f"expected the path in its words: {problem}")
    else:
        expect(False, "expected that it cannot be opened")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsSubject:
    """Whoever reads facts, and a host that answers."""

    port: HostFacts
    node: str
    shell: Shell

    async def restore(self) -> None:
        """A look changes nothing."""


FACTS: Suite[FactsSubject] = Suite("facts")


@FACTS.behaviour()
async def a_host_tells_its_size_and_its_load(subject: FactsSubject) -> None:
    view = await subject.port.look(subject.node, subject.shell)
    expect(view.health is Health.UP, f"expected up, got {view.health}: {view.reason}")
    expect((view.cpus or 0) >= 1, f"expected cpus, got {view.cpus}")
    for name in ("memory_bytes", "disk_bytes"):
        whole, used = getattr(view, name), getattr(view, name.replace("_bytes", "_used_bytes"))
        expect(whole and used is not None and 0 <= used <= whole, f"expected {name} and its use, got {whole}, {used}")
    expect(view.load1 is not None and view.load1 >= 0, f"expected a load, got {view.load1}")


class _Silent:
    """A host that cannot be reached."""

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        raise ShellError("there is no way to it")

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        raise ShellError("there is no way to it")


@FACTS.behaviour()
async def a_host_that_cannot_be_reached_is_unknown_with_the_reason(subject: FactsSubject) -> None:
    view = await subject.port.look(subject.node, _Silent())
    expect(view.health is Health.UNKNOWN, f"expected unknown, got {view.health}")
    expect("no way" in view.reason, f"expected the reason, got {view.reason!r}")


@FACTS.behaviour(needs=(TellsRaw,))
async def a_host_tells_what_it_said(subject: FactsSubject) -> None:
    documents = await raw_documents(subject.port, subject.node)
    expect(any(one.text for one in documents), f"expected a text, got {[one.problem for one in documents]}")
