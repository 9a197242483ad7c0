"""First contact with a host: the key that it shows, and trusting exactly that key from then on."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import asyncssh

from console.ports.protocols import HostKey, Refused, ShellError

from .problems import connect_problem, is_revoked, jump_problem, known_keys, known_name
from .way import Target, Way, target

Connected = Callable[[str], Awaitable[asyncssh.SSHClientConnection]]
"""The connection to a jump host."""
NO_LOGIN = {
    "client_keys": None,
    "agent_path": None,
    "public_key_auth": False,
    "password_auth": False,
    "kbdint_auth": False,
    "host_based_auth": False,
    "gss_auth": False,
    "gss_kex": False,
}
"""The key is shown before anybody logs in: nobody does."""


class _Witness(asyncssh.SSHClient):
    """Sees which key a host shows, and whether it is one that we know."""

    def __init__(self) -> None:
        self.refused: asyncssh.SSHKey | None = None
        self.connection: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.connection = conn

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.refused = key
        return False


async def shown(spec: str, way: Way, jump: Connected) -> HostKey:
    """The key of a host, judged as every connection judges it. Raises ShellError."""
    name = spec.rpartition(",")[2]
    found: Target | None = None
    witness = _Witness()
    try:
        found = await target(spec, way)
        tunnel = await jump(found.jump) if found.jump else None
        try:
            async with asyncio.timeout(way.connect_timeout_s):
                connection = await asyncssh.connect(
                    found.address,
                    options=found.options,
                    config=None,
                    tunnel=tunnel,
                    known_hosts=found.known_hosts,
                    client_factory=lambda: witness,
                    **NO_LOGIN,
                )
            connection.abort()
        except asyncssh.PermissionDenied:
            pass  # its key was taken for good by then
        except asyncssh.HostKeyNotVerifiable:
            if witness.refused is None:  # a certificate, or a revoked key
                raise
        except asyncssh.KeyExchangeFailed:
            if not known_keys(found):
                raise
            return await _of_another_kind(spec, found, tunnel, way)
    except ShellError as problem:
        raise ShellError(jump_problem(problem, name, found)) from None
    except (asyncssh.Error, OSError, ValueError) as error:
        raise ShellError(connect_problem(error, name, found, None, way)) from None
    accepted = witness.connection.get_server_host_key() if witness.connection else None
    key = accepted if witness.refused is None else witness.refused
    if key is None:
        raise ShellError(f"{name} proves itself without a host key, which cannot be shown")
    if is_revoked(found, key):
        raise ShellError(f"{name} shows a key that known_hosts revokes ({key.get_fingerprint()}): find out why first")
    return _told(spec, found, key, known=witness.refused is None)


async def _of_another_kind(spec: str, found: Target, tunnel: asyncssh.SSHClientConnection | None, way: Way) -> HostKey:
    """A host whose known key is of a kind that it does not offer any more."""
    async with asyncio.timeout(way.connect_timeout_s):
        key = await asyncssh.get_server_host_key(found.address, options=found.options, config=None, tunnel=tunnel)
    if key is None:
        raise ShellError(f"{found.name} proves itself without a host key, which cannot be shown")
    return _told(spec, found, key, known=False)


def _told(spec: str, found: Target, key: asyncssh.SSHKey, *, known: bool) -> HostKey:
    changed = not known and bool(known_keys(found))
    mend = f"find out why; only when that is as it should be: ssh-keygen -R {known_name(found)}"
    return HostKey(
        host=spec,
        kind=key.get_algorithm(),
        fingerprint=key.get_fingerprint(),
        public=key.export_public_key().decode().strip(),
        trust="known" if known else "changed" if changed else "unknown",
        says=f"{found.name} had another key before: {mend}" if changed else "",
    )


async def trust(key: HostKey, way: Way) -> str:
    """Append the key to known_hosts, whole or not at all. Raises Refused when another is known, or it cannot be."""
    found = await target(key.host, way)
    known = known_keys(found)
    public = asyncssh.import_public_key(key.public)
    path = _file(found, way)
    if public in known:
        return str(path)
    if known:
        raise Refused(_told(key.host, found, public, known=False).says)
    kind, data = key.public.split()[:2]
    try:
        _append(path, f"{known_name(found, quoted=False)} {kind} {data}\n")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}; nothing was changed") from None
    return str(path)


def _file(found: Target, way: Way) -> Path:
    """The first of the user's own files: where OpenSSH would write too. Raises Refused where there is none."""
    path = way.known_hosts or found.known_hosts_files[0]
    if path.name == "none" or (path.exists() and not path.is_file()):
        raise Refused(
            f"the SSH configuration names {path} as the known_hosts of {found.name}, where nothing can be kept: "
            "give it a UserKnownHostsFile, or the [shell] table a known_hosts"
        )
    return path.resolve()  # a link stays a link


def _append(path: Path, line: str) -> None:
    """Raises OSError; the file is as it was then."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = path.read_bytes() if path.exists() else b""
    if before and not before.endswith(b"\n"):
        before += b"\n"
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(before + line.encode())
            if path.exists():
                there = path.stat()
                os.fchmod(file.fileno(), there.st_mode & 0o7777)
                if (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), there.st_uid, there.st_gid)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(part).unlink()
        raise
