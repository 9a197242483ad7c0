"""The cluster file: decoded and validated, every mistake told with its path, what was expected and the nearest name."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec

from console.cluster.layout import BalancerLine, Layout, NodeLine
from console.cluster.text import cleaned
from console.ports.decode import Mistake, convert
from console.ports.error import OperatorError
from console.ports.plugins import Context, PluginError, Plugins
from console.ports.secrets import Secret, resolve

if TYPE_CHECKING:
    from console.ports.protocols import Shells

SIZE_LIMIT_BYTES = 1024 * 1024


class ClusterFileError(OperatorError):
    """The cluster file cannot be used; the message is one sentence with the path into the file and the mend."""


class NodeTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One `[[nodes]]` table."""

    name: str
    address: str
    """Host name or IP address, without a port."""
    domain: str = ""
    """Failure domain: rack or data centre."""
    roles: list[Literal["app", "balancer", "member"]] = msgspec.field(default_factory=list)
    port: int | None = None
    """Of its service, where it is not the health table's, or where several nodes share one address."""
    ssh: str | None = None
    """Name for the shell, where it is not the node's own; empty: no shell on this node."""
    spare: bool = False
    """Prepared and not in use yet: watched for `add-server` or `add-secondary`, and not counted."""
    service: dict[str, Any] | None = None
    size: dict[str, Any] | None = None


class WatchTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The `[watch]` table: how often each tier is looked at, in seconds."""

    health_s: float = 2.0
    balancers_s: float = 1.0
    hosts_s: float = 10.0
    services_s: float = 30.0
    """Services and sizes of nodes; every second of a node that an action touches."""
    lease_s: float = 1.0
    stale_after_s: float = 10.0


class SafetyTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The `[safety]` table: what keeps operators out of each other's way."""

    lease: bool = True
    """False: no lease is kept in the replica set, and consoles on other machines are not excluded."""
    lease_ttl_s: Annotated[float, msgspec.Meta(ge=2, le=600)] = 60.0
    """How long the lease outlives a console that died; it is renewed at a quarter of that."""
    block_s: Annotated[float, msgspec.Meta(ge=0, le=86400)] = 300.0
    """How long after a step-down or a reconfiguration another one needs to be acknowledged."""


class ClusterTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole file; the tables of plugins are decoded by their plugins."""

    name: str
    environment: str = ""
    theme: str = ""
    """The console's colours for this cluster; comes before what the console remembers."""
    replica_set: dict[str, Any] | None = None
    health: dict[str, Any] | None = None
    shell: dict[str, Any] | None = None
    facts: dict[str, Any] | None = None
    balancers: list[dict[str, Any]] = msgspec.field(default_factory=list)
    nodes: list[NodeTable] = msgspec.field(default_factory=list)
    journal: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """Where the journal is copied to."""
    watch: WatchTable = msgspec.field(default_factory=WatchTable)
    safety: SafetyTable = msgspec.field(default_factory=SafetyTable)


class ClusterFile:
    """A valid cluster file, from which layout and plugins are made."""

    def __init__(self, table: ClusterTable, path: Path, plugins: Plugins) -> None:
        self.table = table
        self.path = path
        self.secrets: list[Secret] = []
        """Every secret that a plugin was given: what must never stand in the journal."""
        self.plugins = plugins

    @classmethod
    def read(cls, path: Path, plugins: Plugins) -> "ClusterFile":
        """Read and validate everything that can be validated without connecting. Raises ClusterFileError."""
        try:
            if path.stat().st_size > SIZE_LIMIT_BYTES:
                raise ClusterFileError(f"{path} is larger than {SIZE_LIMIT_BYTES} bytes: not a cluster file")
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise ClusterFileError(f"cluster file {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ClusterFileError(f"{path}: not UTF-8 text at byte {error.start}") from None
        return cls.decode(text, path, plugins)

    @classmethod
    def decode(cls, text: str, path: Path, plugins: Plugins) -> "ClusterFile":
        """Validate the text of a cluster file. Raises ClusterFileError."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ClusterFileError(f"{path}: not valid TOML: {error}") from None
        try:
            table = _convert(raw, ClusterTable, "$", [])
            _unique("$.nodes", [node.name for node in table.nodes])
            _unique("$.balancers", [str(balancer.get("name", "")) for balancer in table.balancers])
            _unique("$.journal", [str(copy.get("name") or copy.get("plugin", "")) for copy in table.journal])
        except ClusterFileError as error:
            raise ClusterFileError(f"{path}: {error}") from None
        return cls(table, path, plugins)

    def has_shell(self, node: NodeTable) -> bool:
        """There is a `[shell]` table, and the node is not left out of it."""
        return self.table.shell is not None and node.ssh != ""

    @property
    def layout(self) -> Layout:
        """What should be there, for the merge, in text that is safe to show."""
        layout = Layout(
            cluster=self.table.name,
            environment=self.table.environment,
            nodes=tuple(
                NodeLine(
                    name=n.name,
                    address=n.address,
                    domain=n.domain,
                    roles=tuple(n.roles),
                    port=n.port,
                    shell=self.has_shell(n),
                    service=n.service is not None,
                    size=n.size is not None,
                    spare=n.spare,
                )
                for n in self.table.nodes
            ),
            balancers=tuple(
                BalancerLine(name=str(b.get("name", "")), plugin=str(b.get("plugin", ""))) for b in self.table.balancers
            ),
            stale_after_s=self.table.watch.stale_after_s,
        )
        return cleaned(layout)

    @property
    def hosts(self) -> dict[str, str]:
        """The name that each node's shell goes by; nodes without one are missing."""
        return {node.name: node.ssh or node.name for node in self.table.nodes if self.has_shell(node)}

    def make(self, port: str, table: Mapping[str, Any], at: str, name: str, shells: "Shells | None") -> Any:
        """The plugin that a table names, with its settings decoded. Raises ClusterFileError with the path."""
        settings = {key: value for key, value in table.items() if key not in ("plugin", "name")}
        plugin = table.get("plugin")
        if not isinstance(plugin, str):
            raise ClusterFileError(f"{self.path}: {at}.plugin: expected the name of a plugin")
        try:
            provider = self.plugins.load(plugin, port)
        except PluginError as error:
            raise ClusterFileError(f"{self.path}: {at}.plugin: {error}") from None
        context = Context(
            name=name,
            shells=shells,
            nodes={node.name: node.address for node in self.table.nodes},
            lines=self.layout.nodes,
            hosts=self.hosts if shells else {},
        )
        try:
            return provider(_convert(settings, provider.Settings, at, self.secrets), context)
        except ClusterFileError as error:
            raise ClusterFileError(f"{self.path}: {error}") from None
        except ValueError as error:
            raise ClusterFileError(f"{self.path}: {at}: {error}") from None


T = TypeVar("T")


def _convert(raw: object, into: type[T], at: str, secrets: list[Secret]) -> T:
    def decode_secret(kind: type, value: object) -> Secret:
        if kind is not Secret:
            raise NotImplementedError(f"no rule to decode {kind}")
        secrets.append(resolve(value))
        return secrets[-1]

    try:
        return convert(raw, into, at, decode_secret)
    except Mistake as mistake:
        raise ClusterFileError(str(mistake)) from None


def _unique(at: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if not name:
            raise ClusterFileError(f"{at}[{index}].name: missing; it is required")
        if name in names[:index]:
            raise ClusterFileError(f"{at}[{index}].name: '{name}' is already the name of {at}[{names.index(name)}]")
