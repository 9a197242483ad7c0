"""The lab's SSH servers: one per node, with its own host key, running real commands in the local shell."""

import asyncio
import os
import signal
from contextlib import suppress

import asyncssh

from console.lab.layout import NODES, Layout, Node
from console.lab.record import write_private

USER = "operator"
CHUNK_BYTES = 65536


class _Server(asyncssh.SSHServer):
    """Lets a client that proved its key forward to TCP ports (a jump host) and to unix sockets."""

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True

    def unix_connection_requested(self, dest_path: str) -> bool:
        return True

    def begin_auth(self, username: str) -> bool:
        return True


async def listen(layout: Layout) -> None:
    """Serve SSH for every node on its real address, and write the client's key and known_hosts.

    Raises:
        OSError: a port is taken.
    """
    client_key = asyncssh.generate_private_key("ssh-ed25519", comment="lab client")
    host_keys = {node: asyncssh.generate_private_key("ssh-ed25519", comment=node.name) for node in NODES}
    authorized = asyncssh.import_authorized_keys(client_key.export_public_key().decode())
    write_private(layout.path("client_key"), client_key.export_private_key())
    lines = (_known_host(layout, node, key) for node, key in host_keys.items())
    write_private(layout.path("known_hosts"), "".join(lines).encode())
    for node, key in host_keys.items():
        await asyncssh.listen(
            layout.real_address(node),
            layout.ports.ssh,
            config=None,
            server_factory=_Server,
            server_host_keys=[key],
            authorized_client_keys=authorized,
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            allow_pty=False,
            process_factory=lambda process, node=node: _run(process, node),
            encoding=None,
            reuse_address=True,
        )


def _known_host(layout: Layout, node: Node, key: asyncssh.SSHKey) -> str:
    return f"[{layout.address(node)}]:{layout.ports.ssh} {key.export_public_key().decode()}"


async def _run(process: asyncssh.SSHServerProcess[bytes], node: Node) -> None:
    """Run what the client asked for, and end it with everything it started when the channel closes."""
    command = ["/bin/sh"] if process.command is None else ["/bin/sh", "-c", process.command]
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **dict(process.env), "WATCHKEEPER_LAB_NODE": node.name},
    )
    try:
        await process.redirect(stdin=child.stdin)
        closed = asyncio.ensure_future(process.channel.wait_closed())
        ended = asyncio.ensure_future(_ended(child, process))
        await asyncio.wait({closed, ended}, return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        if not ended.done() or isinstance(ended.exception(), OSError):  # the client has gone
            ended.cancel()
            return
        code = ended.result()
        if code >= 0:
            process.exit(code)
        else:
            process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        process.close()


async def _ended(child: asyncio.subprocess.Process, process: asyncssh.SSHServerProcess[bytes]) -> int:
    """Its status, once all that it printed is on its way."""
    assert child.stdout
    assert child.stderr
    # No EOF of its own after stdout ends: some clients close on it, before stderr and the exit status came.
    await asyncio.gather(_copied(child.stdout, process.stdout), _copied(child.stderr, process.stderr))
    return await child.wait()


async def _copied(source: asyncio.StreamReader, target: asyncssh.SSHWriter[bytes]) -> None:
    while chunk := await source.read(CHUNK_BYTES):
        target.write(chunk)
        await target.drain()
