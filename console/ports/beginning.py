"""A first cluster file, from what was found: commented, without a secret, and never better than what was read."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from console.ports.protocols.written import WrittenBalancer, WrittenServer, WrittenSet

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PORT = 80
"""Of a server where no configuration tells one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where a balancer's configuration was read, when that was not this machine."""

    address: str
    shell: str
    """The name that its shell goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What a cluster file is begun with."""

    name: str
    environment: str
    balancers: Sequence[tuple[str, str, WrittenBalancer]]
    """Name, plugin, and what its configuration says."""
    replica_set: tuple[str, WrittenSet] | None
    """Its plugin, and what its address says."""
    hosts: Mapping[str, Host] = field(default_factory=dict)
    """Of balancers, by name."""
    shell: str = ""
    """The plugin that reaches those hosts."""
    health_path: str = ""
    """Empty: as a balancer's check asks, or by a connection alone."""

    @property
    def servers(self) -> tuple[WrittenServer, ...]:
        """Every application server, once, whichever balancers name it."""
        found: dict[tuple[str, int | None], WrittenServer] = {}
        for _, _, balancer in self.balancers:
            for server in balancer.servers:
                found.setdefault((server.address, server.port), server)
        return tuple(found.values())

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be done by hand."""
        told = [f"{name}: {note}" for name, _, balancer in self.balancers for note in balancer.notes]
        told += [
            f"{server.name} stands at {server.address} of {name} itself: give its node the address that is reached"
            for name, _, balancer in self.balancers
            for server in balancer.servers
            if name in self.hosts and server.address in LOOPBACK
        ]
        if self.replica_set:
            told += self.replica_set[1].notes
            told.append("the set is only looked at until [replica_set.operator] names a user that may change it")
        told.append("failure domains are not known: give each node its rack or data centre as `domain`")
        return tuple(told)


def text_of(begun: Beginning) -> str:
    """The cluster file as TOML."""
    return "\n".join(_lines(begun)) + "\n"


def _lines(begun: Beginning) -> Iterator[str]:
    yield "# Written by `watchkeeper init`; `watchkeeper config check` reads it, `watchkeeper config test` tries it."
    yield from _pairs({"name": begun.name, "environment": begun.environment})
    if begun.replica_set:
        plugin, found = begun.replica_set
        yield "\n[replica_set]"
        yield from _pairs({"plugin": plugin, "uri": found.uri})
        if found.username:
            yield from _pairs({"username": found.username})
            yield 'password = { env = "WK_MONGO_PASSWORD" }   # or { file = "…" } of mode 0600, or { keyring = "…" }'
        else:
            yield '# username = "watchkeeper"          # role clusterMonitor, where the set asks for a user'
            yield '# password = { env = "WK_MONGO_PASSWORD" }'
        yield "# [replica_set.operator]             # without it the set is only looked at"
        yield '# username = "watchkeeper-operator" # roles clusterMonitor, clusterManager, readWrite on `watchkeeper`'
        yield '# password = { env = "WK_MONGO_OPERATOR_PASSWORD" }'
    for name, plugin, balancer in begun.balancers:
        yield "\n[[balancers]]"
        yield from _pairs({"name": name, "plugin": plugin, **balancer.settings})
    yield from _health(begun)
    if begun.hosts:
        yield "\n[shell]"
        yield from _pairs({"plugin": begun.shell})
    for name, host in begun.hosts.items():
        yield "\n[[nodes]]"
        yield from _pairs({"name": name, "address": host.address, "roles": ("balancer",)})
        if host.shell != name:
            yield from _pairs({"ssh": host.shell})
    for node, roles, address, port in _nodes(begun):
        yield "\n[[nodes]]"
        yield from _pairs({"name": node, "address": address, "roles": roles})
        if port is not None:
            yield f"port = {port}"
        if begun.hosts:
            yield '# ssh = ""                           # where nobody logs in'
        yield '# domain = "rack-a"                  # what fails together with it'


def _health(begun: Beginning) -> Iterator[str]:
    path = begun.health_path or next((b.health_path for _, _, b in begun.balancers if b.health_path), "")
    if not begun.servers:
        return
    yield "\n[health]"
    if path:
        yield from _pairs({"plugin": "http", "path": path})
        return
    yield from _pairs({"plugin": "tcp"})
    ports = Counter(server.port for server in begun.servers if server.port is not None)
    yield f"port = {ports.most_common(1)[0][0] if ports else PORT}"


def _nodes(begun: Beginning) -> Iterator[tuple[str, tuple[str, ...], str, int | None]]:
    """Each host once: the names of servers as the balancers have them, of members by their host."""
    taken: set[str] = {name for name, _, _ in begun.balancers}
    for server in begun.servers:
        yield _unique(server.name, taken), ("app",), server.address, server.port
    for member in begun.replica_set[1].members if begun.replica_set else ():
        yield _unique(member.name, taken), ("member",), member.address, member.port


def _unique(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    taken.add(found)
    return found


def _pairs(table: Mapping[str, str | Iterable[str]]) -> Iterator[str]:
    """TOML's basic strings are those of JSON."""
    for key, value in table.items():
        said = value if isinstance(value, str) else list(value)
        yield f"{key} = {json.dumps(said, ensure_ascii=False)}"
