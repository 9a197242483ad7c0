"""Changes of a replica set's configuration, and of who may stand for election: compared first, then set."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from pymongo.errors import PyMongoError

from console.cluster.views import MemberConfig
from console.ports.compare import to_do
from console.ports.protocols import Refused

from .configuration import RECONFIGURE_S, changed, edits, lines
from .documents import term as term_of
from .errors import freeze_problem, reconfigure_problem
from .member import Client

Lines = Sequence[MemberConfig]

SERVER_OVERRUN_S = 12.0
"""How much later than asked a Primary without its majority may answer: it was seen to take 10 s instead of 4."""


class Reconfiguring(ABC):
    """The part of a replica set that changes its configuration, by the operator's credentials."""

    @abstractmethod
    def _operator(self, address: str, deadline_s: float) -> AbstractAsyncContextManager[Client]:
        """The operator's client of one member. Raises Refused when there is no operator."""

    @abstractmethod
    async def _leading(self) -> str | None:
        """The address of the Primary."""

    async def reconfigure(
        self, before: Lines, after: Lines, *, term: int | None = None, thorough: bool = False
    ) -> None:
        """Never forced; refused with the difference unless the Primary holds what was expected."""
        address = await self._leading()
        if address is None:
            raise Refused("there is no Primary, and only a Primary changes the configuration")
        async with self._operator(address, RECONFIGURE_S + SERVER_OVERRUN_S) as client:
            hello, config = await _read(client, address)
            if not hello.get("isWritablePrimary"):
                raise Refused(f"{address} is not Primary any more; {hello.get('primary') or 'nobody'} is")
            if term is not None and term_of(hello) != term:
                raise Refused(f"{address} is Primary in term {term_of(hello)} now, not in term {term}")
            if wanted := to_do(before, after, lines(config), thorough=thorough):
                command = {"replSetReconfig": changed(config, wanted), "maxTimeMS": int(RECONFIGURE_S * 1000)}
                await _send(client, address, command)

    def reconfigure_command(self, before: Lines, after: Lines) -> str:
        """As it would be typed into a MongoDB shell on the Primary."""
        return _words(before, after, f"maxTimeMS: {RECONFIGURE_S * 1000:.0f}", "the Primary")

    async def force_reconfigure(self, address: str, before: Lines, after: Lines) -> None:
        """The one place that forces; refused while this member still follows or is a Primary."""
        async with self._operator(address, RECONFIGURE_S + SERVER_OVERRUN_S) as client:
            hello, config = await _read(client, address)
            if leader := hello.get("primary"):
                raise Refused(f"{address} knows a Primary, {leader}: nothing has to be forced")
            if wanted := to_do(before, after, lines(config)):
                await _send(client, address, {"replSetReconfig": changed(config, wanted), "force": True})

    def force_reconfigure_command(self, address: str, before: Lines, after: Lines) -> str:
        """As it would be typed into a MongoDB shell on that member."""
        return _words(before, after, "force: true", address)

    async def freeze(self, address: str, seconds: int) -> None:
        """0 ends it. Raises Refused or Unclear."""
        async with self._operator(address, 5.0) as client:
            try:
                await client.admin.command({"replSetFreeze": seconds})
            except PyMongoError as error:
                raise freeze_problem(error, address) from None

    def freeze_command(self, address: str, seconds: int) -> str:
        """As it would be typed into a MongoDB shell."""
        return f"db.adminCommand({{replSetFreeze: {seconds}}})  on {address}"


async def _read(client: Client, address: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Its hello and the configuration that it holds. Raises Refused: nothing has been sent yet."""
    try:
        hello = await client.admin.command("hello")
        return hello, (await client.admin.command("replSetGetConfig"))["config"]
    except PyMongoError as error:
        raise Refused(f"{address} cannot be asked for its configuration: {error}") from None


async def _send(client: Client, address: str, command: dict[str, Any]) -> None:
    try:
        # Nobody else's change is lost: their version is then as high as ours, and MongoDB refuses ours with 103.
        await client.admin.command(command)
    except PyMongoError as error:
        raise reconfigure_problem(error, address) from None


def _words(before: Lines, after: Lines, how: str, where: str) -> str:
    return "\n".join(
        (
            f"config = db.adminCommand({{replSetGetConfig: 1}}).config  on {where}",
            *edits(before, after),
            f"config.version += 1; db.adminCommand({{replSetReconfig: config, {how}}})",
        )
    )
