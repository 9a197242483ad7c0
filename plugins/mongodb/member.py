"""One member, by a client of its own: pushed by the awaitable hello, and asked for its status at a pace."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.monitoring import (
    ServerHeartbeatFailedEvent,
    ServerHeartbeatListener,
    ServerHeartbeatStartedEvent,
    ServerHeartbeatSucceededEvent,
)

from console.cluster.snapshot import Health
from console.cluster.views import MemberView

from .configuration import Document
from .documents import Facts, Slow, clock_ahead_s, member_view, unseen, with_problem
from .errors import INVALID_CONFIG, command_problem, connection_problem, is_connection_problem
from .slow import slowly

SLOWLY_EVERY_S = 10.0

logging.getLogger("pymongo").setLevel(logging.WARNING)  # its lower levels tell commands and addresses

Client = AsyncMongoClient[dict[str, Any]]


def direct_client(
    address: str, options: Mapping[str, Any], user: str, password: str, deadline_s: float, **more: Any
) -> Client:
    """A client that talks to this member only, whatever it is."""
    if user:
        more |= {"username": user, "password": password, "authSource": options.get("authsource", "admin")}
    return AsyncMongoClient(
        f"mongodb://{address}/",
        directConnection=True,
        appname="watchkeeper",
        heartbeatFrequencyMS=1000,
        connectTimeoutMS=int(deadline_s * 1000),
        serverSelectionTimeoutMS=int(deadline_s * 1000),
        **{name: value for name, value in options.items() if name.startswith("tls") or name == "authmechanism"},
        **more,
    )


class MemberWatch(ServerHeartbeatListener):
    """The newest that is known of one member, told to `publish` whenever something of it is learnt."""

    def __init__(
        self,
        address: str,
        options: Mapping[str, Any],
        user: str,
        password: str,
        deadline_s: float,
        publish: Callable[[MemberView], None],
    ) -> None:
        self.address = address
        self.operable: bool | None = None
        self._user = user
        self._deadline_s = deadline_s
        self._publish = publish
        self._client = direct_client(
            address, options, user, password, deadline_s, event_listeners=[self], timeoutMS=int(deadline_s * 1000)
        )
        self._hello: Document | None = None
        self._status: Document | None = None
        self._config: Document | None = None
        self._ping_ms: float | None = None
        self._version = ""
        self._process: object = None
        self.clock_ahead_s: float | None = None
        """Of our own clock."""
        self.set_id: object = None
        """The identity of the set, which another set of the same name does not share."""
        self._slow: tuple[float, Slow] = (float("-inf"), Slow())
        self._unreachable: tuple[Health, str] | None = (Health.UNKNOWN, "not looked at yet")
        self._untold = ""
        """Why it says hello and does not tell its status."""

    @property
    def view(self) -> MemberView:
        """What is known now; a member whose answers make no sense is unknown, and says so."""
        try:
            return self._view()
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            return unseen(self.address, Health.UNKNOWN, f"its answer cannot be understood: {error}")

    def _view(self) -> MemberView:
        if self._unreachable or self._hello is None:
            health, reason = self._unreachable or (Health.UNKNOWN, "no hello yet")
            return unseen(self.address, health, reason)
        view = member_view(
            Facts(
                address=self.address,
                hello=self._hello,
                status=self._status,
                config=self._config,
                ping_ms=self._ping_ms,
                version=self._version,
                slow=self._slow[1],
                operable=self.operable,
            )
        )
        return with_problem(view, self._untold) if self._untold else view

    def started(self, event: ServerHeartbeatStartedEvent) -> None:
        """Nothing is known by a beginning."""

    def succeeded(self, event: ServerHeartbeatSucceededEvent) -> None:
        """Pushed: the server answers an awaitable hello at any change of its topology, at once."""
        self._hello = event.reply.document
        self._unreachable = None
        self._publish(self.view)

    def failed(self, event: ServerHeartbeatFailedEvent) -> None:
        """Pushed: a closed connection is known at once."""
        self._unreachable = connection_problem(event.reply, self._deadline_s)
        self._publish(self.view)

    async def poll(self, every_s: float, closing: asyncio.Event) -> None:
        """Ask for the status at a pace until `closing`; calls may end: a cancelled one leaks its socket."""
        while not closing.is_set():
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await closing.wait()

    async def look(self) -> MemberView:
        """Ask once, within the deadline; publishes and returns what is known then."""
        try:
            async with asyncio.timeout(2 * self._deadline_s):  # each call has its own deadline; this is for all of them
                await self._ask()
            self._untold = ""
        except (PyMongoError, OSError, TimeoutError, RuntimeError) as error:
            if is_connection_problem(error):
                # A monitor that found the port closed knows more than a call that waited for it in vain.
                self._unreachable = self._unreachable or connection_problem(error, self._deadline_s)
            else:
                self._untold = command_problem(error, self._user) if isinstance(error, PyMongoError) else str(error)
        self._publish(self.view)
        if not self._unreachable and not self._untold and time.monotonic() - self._slow[0] >= SLOWLY_EVERY_S:
            await self._ask_slowly()
        return self.view

    async def close(self) -> None:
        """End its monitor and its connections."""
        await self._client.close()

    async def _ask(self) -> None:
        began_s, at = time.monotonic(), datetime.now(UTC)
        hello = await self._client.admin.command("hello")
        took_s = time.monotonic() - began_s
        self._hello, self._unreachable, self._ping_ms = hello, None, 1000 * took_s
        self.clock_ahead_s = clock_ahead_s(hello, at + timedelta(seconds=took_s / 2))
        if hello.get("arbiterOnly"):
            return  # an arbiter holds no users: only its hello can be had
        try:
            self._status = await self._client.admin.command("replSetGetStatus")
        except OperationFailure as error:
            if error.code != INVALID_CONFIG or hello.get("setName"):
                raise
            self._status = None  # it was removed from the set, which its hello tells
        # The command hides `newlyAdded`, which decides whether a vote counts; the document behind it does not.
        self._config = await self._client["local"]["system.replset"].find_one() or {}
        self.set_id = self._config.get("settings", {}).get("replicaSetId")
        process = (hello.get("topologyVersion") or {}).get("processId")
        if not self._version or process != self._process:
            self._version = str((await self._client.admin.command("buildInfo"))["version"])
            self._process = process

    async def _ask_slowly(self) -> None:
        """What fails here says nothing of the member's health: the last that was known stands."""
        self._slow = (time.monotonic(), self._slow[1])
        with suppress(PyMongoError, OSError, TimeoutError, TypeError, ValueError, KeyError):
            self._slow = (time.monotonic(), await slowly(self._client))
            self._publish(self.view)
