"""A host whose programs replay their vendor's documented answers, as far as the plugins ask."""

from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Mapping, Sequence

from console.ports.protocols import Completed, Shell, ShellError

MEMINFO = "MemTotal:        8000000 kB\nMemFree:  100 kB\n"
GIB = 2**30

Answer = Callable[[list[str]], Completed]


def said(stdout: str = "", status: int = 0, stderr: str = "") -> Completed:
    return Completed(status=status, stdout=stdout, stderr=stderr)


class ReplayHost:
    """One shell for every host name; each program is a function of its arguments."""

    def __init__(self, programs: Mapping[str, Answer]) -> None:
        self.files: dict[str, str] = {"/proc/meminfo": MEMINFO}
        self.ran: list[list[str]] = []
        self._programs: dict[str, Answer] = {"nproc": lambda _: said("4\n"), "cat": self._cat, "head": self._head}
        self._programs |= programs

    def on(self, host: str) -> Shell:
        return self

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        self.ran.append(list(argv))
        program = self._programs.get(argv[0])
        if program is None:
            return said(status=127, stderr=f"env: '{argv[0]}': No such file or directory")
        return program(list(argv[1:]))

    async def open_unix(self, path: str) -> tuple[StreamReader, StreamWriter]:
        raise ShellError("no sockets here")

    async def close(self) -> None:
        """Nothing is held."""

    def _cat(self, arguments: list[str]) -> Completed:
        missing = [path for path in arguments if path not in self.files]
        text = "".join(self.files.get(path, "") for path in arguments)
        return said(text, int(bool(missing)), "".join(f"cat: {path}: No such file or directory\n" for path in missing))

    def _head(self, arguments: list[str]) -> Completed:
        paths = [path for path in arguments if path in self.files]
        text = "\n".join(f"==> {path} <==\n{self.files[path].splitlines()[0]}\n" for path in paths)
        return said(text, int(len(paths) < len(arguments)))
