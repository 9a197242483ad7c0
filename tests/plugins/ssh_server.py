"""A real SSH server on loopback, with its own host key, that runs real commands."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.process import SSHServerProcess

from console.ports.plugins import Context
from console.ports.protocols import Shell, ShellError
from plugins.ssh import SSH


class Door(asyncssh.SSHServer):
    """Lets in who has the key, and forwards to TCP ports and unix sockets."""

    def __init__(self, server: "SSHServer") -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self._server.logins.append(username)
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True

    def session_requested(self) -> SSHServerProcess[bytes]:
        if self._server.sessions >= self._server.most_sessions:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "open failed")
        self._server.sessions += 1
        return SSHServerProcess(self._server.run, None, 3, False)

    def unix_connection_requested(self, dest_path: str) -> bool:
        return self._server.forwards_sockets


class SSHServer:
    """Counts what comes in."""

    def __init__(
        self,
        *,
        deaf: bool = False,
        forwards_sockets: bool = True,
        authority: asyncssh.SSHKey | None = None,
        lets_in: asyncssh.SSHKey | None = None,
        most_sessions: int = 10,
    ) -> None:
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.logins: list[str] = []
        self.running = self.most_running = self.sessions = 0
        self.started = asyncio.Event()
        self.forwards_sockets = forwards_sockets
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = 0
        self._deaf = deaf
        self.most_sessions = most_sessions
        """At once and a connection: sshd's MaxSessions."""
        self._authority = authority
        """Signs the host's key; None: it shows the bare key."""
        self._lets_in = lets_in
        """Signs the keys of those that are let in; None: who has the client's key is."""
        self._listener: asyncssh.SSHAcceptor | None = None

    async def start(self, client_key: asyncssh.SSHKey, port: int = 0) -> "SSHServer":
        public = (self._lets_in or client_key).export_public_key().decode()
        authorized = f"cert-authority {public}" if self._lets_in else public
        self._listener = await asyncssh.listen(
            "127.0.0.1",
            port,
            config=None,
            server_factory=lambda: Door(self),
            server_host_keys=[self.key if self._authority is None else (self.key, self._certificate(self._authority))],
            authorized_client_keys=asyncssh.import_authorized_keys(authorized),
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            encoding=None,
            reuse_address=True,
        )
        self.port = self._listener.get_port()
        return self

    def _certificate(self, authority: asyncssh.SSHKey) -> asyncssh.SSHCertificate:
        return authority.generate_host_certificate(self.key, "db1", principals=["127.0.0.1"])

    def drop_all(self) -> None:
        for connection in self.connections:
            connection.abort()

    async def stop(self) -> None:
        self.drop_all()
        if self._listener:
            self._listener.close()
            await self._listener.wait_closed()

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self.running += 1
        self.started.set()
        self.most_running = max(self.running, self.most_running)
        try:
            if self._deaf:
                await process.channel.wait_closed()
            else:
                await _run(process)
        finally:
            self.running -= 1
            self.sessions -= 1


async def _run(process: asyncssh.SSHServerProcess[bytes]) -> None:
    assert process.command
    child = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", process.command),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = await child.communicate(await process.stdin.read())
        process.stdout.write(stdout)
        process.stderr.write(stderr)
        if child.returncode is not None and child.returncode < 0:
            process.exit_with_signal(signal.Signals(-child.returncode).name.removeprefix("SIG"))
        else:
            process.exit(child.returncode or 0)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


class Network:
    """Servers, and the client's files that lead to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client_key = asyncssh.generate_private_key("ssh-ed25519")
        self.client_key.write_private_key(folder / "client_key")
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text("")
        self._config = folder / "config"
        self._config.write_text("")
        self._servers: list[SSHServer] = []
        self._clients: list[SSH] = []

    async def server(self, **options: Any) -> SSHServer:
        server = await SSHServer(**options).start(self.client_key)
        self._servers.append(server)
        return server

    def know(self, server: SSHServer, key: asyncssh.SSHKey | None = None) -> None:
        line = f"[127.0.0.1]:{server.port} {(key or server.key).export_public_key().decode().strip()}\n"
        self.known_hosts.write_text(self.known_hosts.read_text() + line)

    def alias(self, name: str, port: int, *lines: str, host: str | None = "127.0.0.1") -> None:
        own = [f"HostName {host}"] if host else []
        common = [f"Port {port}", "User operator", f"IdentityFile {self.folder / 'client_key'}"]
        known = (
            [] if any("UserKnownHostsFile" in line for line in lines) else [f"UserKnownHostsFile {self.known_hosts}"]
        )
        block = "\n    ".join([f"Host {name}", *own, *common, *known, *lines])
        self._config.write_text(f"{self._config.read_text()}{block}\n")

    def shells(self, nodes: dict[str, str] | None = None, *, agent: bool = False, **settings: Any) -> SSH:
        made = SSH.Settings(config=str(self._config), agent=agent, **settings)
        client = SSH(made, Context(name="shell", nodes=nodes or {}))
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        for server in self._servers:
            await server.stop()


async def refusal(shell: Shell) -> str:
    """Why a host cannot be reached."""
    with pytest.raises(ShellError) as caught:
        await shell.run(["true"])
    return str(caught.value)
