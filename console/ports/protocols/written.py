"""What there is already: a balancer's configuration, or a replica set's address, read to begin a cluster file with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenServer:
    """One server of a pool."""

    name: str
    address: str
    """Without its port."""
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBalancer:
    """What a balancer's configuration says."""

    settings: Mapping[str, str | tuple[str, ...]]
    """Of its `[[balancers]]` table, beside name and plugin."""
    servers: tuple[WrittenServer, ...]
    health_path: str = ""
    """That its check asks for; empty where it asks for none."""
    notes: tuple[str, ...] = ()
    """What has to be done before it can be looked at or changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSet:
    """What a replica set's address says, and, where it answers, the set itself."""

    uri: str
    """Without user and password."""
    username: str
    members: tuple[WrittenServer, ...]
    notes: tuple[str, ...] = ()


class Unread(Exception):
    """A file cannot be read; the message is a sentence with its path and the mend."""


class Files(Protocol):
    """The text files of one machine."""

    @property
    def host(self) -> str:
        """The name that the machine's shell goes by; empty: this machine."""
        ...

    @property
    def address(self) -> str:
        """Of that machine, as it is seen from here."""
        ...

    async def read(self, path: str) -> str:
        """All of one. Raises Unread."""
        ...

    async def matching(self, pattern: str) -> Sequence[str]:
        """The paths that a shell's pattern matches, in order; none where nothing does. Raises Unread."""
        ...


class ReadsBalancer(Protocol):
    """A plugin's reader of configuration files."""

    @staticmethod
    async def read(path: str, files: Files) -> WrittenBalancer:
        """Raises Unread, or ValueError with what was expected."""
        ...


class ReadsSet(Protocol):
    """A plugin's reader of addresses."""

    @staticmethod
    def read(uri: str) -> WrittenSet:
        """Asks the set within some seconds who its members are. Raises ValueError with what was expected."""
        ...
