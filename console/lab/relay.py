"""The network between the lab's nodes: a TCP relay in front of each service, which can be cut.

A partition cuts both ways. Connections *to* the node (its service, SSH, a balancer's front ends and TCP stats
socket) and connections that the node's service process opened to other nodes stop moving bytes, with no reset;
new ones are accepted and then hear nothing, also not a close. What was in flight arrives after the heal.

Not cut: a balancer's unix sockets, what a command started over SSH dials by itself, and the processes' real
addresses (127.a.b.1xx), which nothing in the lab uses. The TCP handshake itself still succeeds, so a check that
only connects does not notice: only one that waits for an answer does.
"""

import asyncio
import socket
import struct

from console.lab.processes import local_ports

Endpoint = tuple[str, int]
JUDGE_AFTER_S = 0.05  # a look at the sockets of a process costs 15 ms where the machine has many
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST


class _End(asyncio.Protocol):
    """One of the two sockets of a link."""

    def __init__(self, link: "_Link") -> None:
        self.link = link
        self.other: _End
        self.transport: asyncio.Transport | None = None
        self.congested = False  # the other end can't take more for now
        self.ended = False  # no more bytes come from here

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.link.made(self)

    def data_received(self, data: bytes) -> None:
        if self.other.transport:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        self.ended = True
        if self.other.transport:
            self.other.transport.write_eof()
        if self.other.ended:
            self.link.close()
        return True  # a half-closed connection stays open the other way

    def pause_writing(self) -> None:
        self.other.congested = True
        self.other.steer()

    def resume_writing(self) -> None:
        self.other.congested = False
        self.other.steer()

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self.link.lost(exc)

    def steer(self) -> None:
        """Read from here only while the bytes have somewhere to go."""
        if self.transport is None:
            return
        if self.congested or not self.link.flows:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def reset(self) -> None:
        """Close at once, with RST."""
        if self.transport:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.transport.abort()


class _Link:
    """One relayed connection: the end that was dialled, and the one that the relay dials on."""

    def __init__(self, network: "Network", node: str, target: Endpoint) -> None:
        self.network = network
        self.node = node
        self.target = target
        self.near = _End(self)
        self.far = _End(self)
        self.near.other, self.far.other = self.far, self.near
        self.cut_by: set[str] = set()
        self.broken = False
        self.source_port = 0
        self.dial: asyncio.Task[None] | None = None

    @property
    def flows(self) -> bool:
        """Both ends are there, and no partition lies between them."""
        return not self.cut_by and self.near.transport is not None and self.far.transport is not None

    def made(self, end: _End) -> None:
        if end is self.near and end.transport:
            self.source_port = end.transport.get_extra_info("peername")[1]
            self.network.join(self)
        elif self.near.transport is None:
            end.reset()  # the client left while its service was being dialled
        self.steer()

    def steer(self) -> None:
        """Let bytes flow or stand, as the partitions say; dial on as soon as nothing lies between."""
        if self.broken and not self.cut_by:
            self.reset()
        elif self.dial is None and not self.cut_by:
            self.dial = asyncio.get_running_loop().create_task(self._dial())
        self.near.steer()
        self.far.steer()

    async def _dial(self) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.far, *self.target)
        except OSError:
            self.lost(ConnectionRefusedError())  # a dead service: its client must hear so at once

    def lost(self, error: Exception | None) -> None:
        """One end is gone: the other learns of it at once, or when the partition is over."""
        if self.cut_by:
            self.broken = True
        elif error:
            self.reset()
        else:
            self.close()

    def close(self) -> None:
        for end in (self.near, self.far):
            if end.transport:
                end.transport.close()
        self.network.leave(self)

    def reset(self) -> None:
        self.near.reset()
        self.far.reset()
        self.network.leave(self)


class Network:
    """Every relay of a lab, and the partitions that lie on them."""

    def __init__(self) -> None:
        self._links: set[_Link] = set()
        self._cut: dict[str, int] = {}  # node name -> pid of its service process
        self._unjudged: set[_Link] = set()

    async def relay(self, node: str, public: Endpoint, real: Endpoint) -> None:
        """Accept connections to a node at its public endpoint and pass them on to the real one.

        Raises:
            OSError: the public endpoint is taken.
        """
        loop = asyncio.get_running_loop()
        await loop.create_server(lambda: _Link(self, node, real).near, *public, backlog=512)

    @property
    def partitioned(self) -> list[str]:
        """The nodes that are cut off."""
        return sorted(self._cut)

    def partition(self, node: str, pid: int) -> None:
        """Cut a node off: what goes to it, and what its service process `pid` has opened."""
        self._cut[node] = pid
        ports = local_ports(pid)
        for link in tuple(self._links):
            if link.node == node or link.source_port in ports:
                link.cut_by.add(node)
                link.steer()

    def heal(self, node: str) -> None:
        """Reconnect a node; waiting bytes flow again."""
        self._cut.pop(node, None)
        for link in tuple(self._links):
            if node in link.cut_by:
                link.cut_by.discard(node)
                link.steer()

    def join(self, link: _Link) -> None:
        """Take in a new connection; it stands still until it is known whether a partition lies on its way."""
        self._links.add(link)
        if self._cut:
            link.cut_by.update(self._cut)
            if not self._unjudged:
                asyncio.get_running_loop().call_later(JUDGE_AFTER_S, self._judge)
            self._unjudged.add(link)

    def _judge(self) -> None:
        """Free the new connections that neither go to a node that is cut off nor come from it."""
        links, self._unjudged = self._unjudged, set()
        for node, pid in self._cut.items():
            ports = local_ports(pid)
            for link in links:
                if link.node != node and link.source_port not in ports:
                    link.cut_by.discard(node)
        for link in links:
            link.steer()

    def leave(self, link: _Link) -> None:
        """Forget a connection that is over."""
        self._links.discard(link)
        self._unjudged.discard(link)
