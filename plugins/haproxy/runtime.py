"""The stats socket: one connection a command, one line out, the answer up to the end of the stream."""

import asyncio
import re
import socket
from asyncio import StreamReader, StreamWriter
from ipaddress import ip_address
from urllib.parse import urlsplit

from console.cluster.snapshot import Health
from console.ports.protocols import Refused, Shell, ShellError, Shells

ANSWER_LIMIT_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 65536
SAFE_NAME = re.compile(r"[A-Za-z0-9_.:-]+")
SAFE_WORD = re.compile(r"[A-Za-z0-9_.:/@,=%()*+\[\]-]+")


class NotReached(Exception):
    """Nothing was sent; the message says why."""

    def __init__(self, reason: str, health: Health = Health.UNKNOWN) -> None:
        super().__init__(reason)
        self.health = health


class NotAnswered(Exception):
    """The command was sent and no whole answer came back."""

    health = Health.UNKNOWN


def safe_name(name: str) -> str:
    """The name itself. Raises Refused for one that could carry another command."""
    if not SAFE_NAME.fullmatch(name):
        raise Refused(f"{name!r} is not a name for HAProxy's socket: letters, digits, '_', '.', ':' and '-' only")
    return name


def safe_words(options: str) -> list[str]:
    """Parameters, one by one. Raises Refused for one that could carry another command."""
    words = options.split()
    for word in words:
        if not SAFE_WORD.fullmatch(word):
            raise Refused(f"the parameter {word!r} cannot be sent over HAProxy's socket")
    return words


def safe_address(address: str) -> str:
    """The address itself. Raises Refused for one that HAProxy would not reach."""
    host, _, port = address.rpartition(":")
    try:
        # The zone of an IPv6 address may be any text, and a digit any script's.
        if not SAFE_WORD.fullmatch(address):
            raise ValueError
        ip_address(host.strip("[]"))
    except ValueError:
        raise Refused(
            f"'{address}' is no IP address with a port: HAProxy does not resolve the names of servers that it is "
            "given at run time; write the IP address into the cluster file"
        ) from None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Refused(f"'{address}' has no port between 1 and 65535")
    return address


class Runtime:
    """One process's Runtime API, wherever its socket is."""

    def __init__(self, address: str, shells: Shells | None, deadline_s: float) -> None:
        parts = urlsplit(address)
        self.local = parts.scheme == "unix"
        self.where = parts.path if parts.scheme != "tcp" else parts.netloc
        self.shell: Shell | None = None
        self._deadline_s = deadline_s
        self._host, self._port = parts.hostname or "", parts.port or 0
        known = {
            "unix": not parts.netloc and len(parts.path) > 1,
            "tcp": bool(parts.hostname and parts.port),
            "ssh": bool(parts.netloc and len(parts.path) > 1),
        }
        if not known.get(parts.scheme):
            raise ValueError(f"socket {address!r}: expected unix:///path, tcp://host:port or ssh://node/path")
        if parts.scheme == "ssh":
            if shells is None:
                raise ValueError(f"socket {address!r} needs a [shell] table")
            self.shell = shells.on(parts.netloc)

    def deadline(self) -> float:
        """When, by the loop's clock, something that begins now has to be over."""
        return asyncio.get_running_loop().time() + self._deadline_s

    async def ask(self, command: str, until: float) -> str:
        """The whole answer to one command. Raises NotReached, or NotAnswered once it was sent."""
        line = f"{command}\n".encode("ascii")
        writer: StreamWriter | None = None
        sent = False
        try:
            async with asyncio.timeout_at(until):
                reader, writer = await self._open()
                writer.write(line)
                sent = True
                await writer.drain()
                return await _read_all(reader)
        except TimeoutError:
            late = f"no answer within {self._deadline_s:g} s"
            raise (NotAnswered(late) if sent else NotReached(late)) from None
        except (NotReached, NotAnswered):
            raise
        except Exception as error:  # noqa: BLE001 - a stream through a shell raises its library's own errors
            if sent:
                raise NotAnswered(f"the connection was lost: {error or type(error).__name__}") from None
            raise self._not_reached(error) from None
        finally:
            if writer is not None:
                writer.close()  # not waited for: a peer that hangs must not hold us

    async def _open(self) -> tuple[StreamReader, StreamWriter]:
        if self.shell:
            return await self.shell.open_unix(self.where)
        if self.local:
            return await asyncio.open_unix_connection(self.where)
        return await asyncio.open_connection(self._host, self._port)

    def _not_reached(self, error: Exception) -> NotReached:
        match error:
            case ShellError():
                return NotReached(str(error))
            case FileNotFoundError():
                return NotReached(f"no such socket {self.where}: compare it with the stats socket line in haproxy.cfg")
            case PermissionError():
                return NotReached(
                    f"{self.where} is not ours to open: add this user to its group, "
                    "or set `mode` on the stats socket line"
                )
            case ConnectionRefusedError():
                return NotReached(f"nobody listens on {self.where}", Health.DOWN)
            case socket.gaierror():
                return NotReached(f"name {self._host} cannot be resolved")
        return NotReached(f"{self.where} cannot be opened: {getattr(error, 'strerror', None) or error}")


async def _read_all(reader: StreamReader) -> str:
    chunks: list[bytes] = []
    size_bytes = 0
    while chunk := await reader.read(CHUNK_BYTES):
        size_bytes += len(chunk)
        if size_bytes > ANSWER_LIMIT_BYTES:
            raise NotAnswered(f"its answer is larger than {ANSWER_LIMIT_BYTES // 1024**2} MiB")
        chunks.append(chunk)
    if not chunks:
        raise NotAnswered("it closed the connection without an answer")
    return b"".join(chunks).decode("utf-8", "replace")
