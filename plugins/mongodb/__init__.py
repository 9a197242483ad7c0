"""MongoDB's replica set: every member watched by its own word, and the step-down of its Primary."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import msgspec
from pymongo.errors import InvalidURI, PyMongoError
from pymongo.uri_parser import parse_uri

from console.cluster.layout import Layout
from console.cluster.observed import node_at
from console.cluster.views import MemberView, SpareView
from console.ports.plugins import Context
from console.ports.protocols import RawDocument, Refused, Right
from console.ports.secrets import Secret
from plugins.mongodb.written import WrittenAddress

from .copy import MongoCopy
from .handover import NOTE, Follower, line_up, require_primary, step_down
from .lease import DEADLINE_S as LEASE_DEADLINE_S
from .lease import MongoLease
from .member import Client, MemberWatch, direct_client
from .raw import documents
from .reconfigure import Reconfiguring
from .rights import Privileges, changing, first_answer, may_change, watching
from .spare import Spares

OPERABLE_EVERY_S = 30.0


class Operator(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The credentials that change the set; the others only look."""

    username: str
    password: Secret


class MongoDB(Reconfiguring):
    """One replica set, by one direct client a member."""

    class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
        """The `[replica_set]` table."""

        uri: str
        """Every member, and TLS options; no user and no password."""
        username: str = ""
        password: Secret | None = None
        operator: Operator | None = None
        deadline_s: float = 1.5
        status_every_s: float = 1.0

        def __post_init__(self) -> None:
            """Raises ValueError for a URI that cannot be used, or that holds a password."""
            try:
                parsed = parse_uri(self.uri)
            except (InvalidURI, PyMongoError, ValueError) as error:
                raise ValueError(f"uri is not a MongoDB URI: {error}") from None
            if parsed["username"] or parsed["password"]:
                raise ValueError('uri holds a user: name it in username, and password = { file = "…" }')

    def __init__(self, settings: Settings, context: Context) -> None:
        parsed = parse_uri(settings.uri)
        self._settings = settings
        self._options = dict(parsed["options"])
        self._addresses = [_joined(host, port) for host, port in parsed["nodelist"]]
        self._layout = Layout(cluster="", nodes=context.lines)
        self._known_hosts = set(context.nodes.values())
        self._watches: dict[str, MemberWatch] = {}
        self._queues: set[asyncio.Queue[MemberView]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()
        self._probed = asyncio.Event()
        port = parsed["nodelist"][0][1] or 27017
        self._spares = Spares(context, self._watches, self._monitor, port, settings.deadline_s)
        self.lease = MongoLease(
            self._leading,
            lambda address: self._operator_client(address, LEASE_DEADLINE_S, LEASE_DEADLINE_S),
            settings.operator.username if settings.operator else "",
        )

    async def follow(self) -> AsyncIterator[MemberView]:
        """Every member's view whenever anything of it is learnt."""
        queue: asyncio.Queue[MemberView] = asyncio.Queue()
        self._queues.add(queue)
        self._begin()
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)

    async def look(self) -> tuple[MemberView, ...]:
        """Every member asked once, each within its own deadline; what the operator may is known by then, too."""
        self._begin()
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * self._settings.deadline_s):
                await self._probed.wait()
        return tuple(await asyncio.gather(*(watch.look() for watch in self._watches.values())))

    @property
    def spares(self) -> tuple[str, ...]:
        """The nodes of the cluster file that are prepared to be members."""
        return self._spares.names

    async def look_at_spare(self, name: str) -> SpareView:
        """One look at a prepared member; who its peers would be must be known first."""
        if not any(watch.view.config for watch in self._watches.values()):
            await self.look()
        return await self._spares.look(name)

    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        """Of a member or a prepared one, by its node's name or its address: what it says to whoever only looks."""
        address = self._address_of(node)
        if address is None:
            known = ", ".join(self._watches or self._addresses)
            return (RawDocument(title=node, problem=f"it is no member that is known here; there are: {known}"),)
        deadline_s = self._settings.deadline_s
        return await documents(
            address, lambda login: self._monitor(address, login), self._settings.username, deadline_s
        )

    async def step_down(
        self, address: str, *, period_s: int, catch_up_s: int, term: int, follow: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Never forced; refused unless the member is Primary in that very term now. Raises Refused or Unclear."""
        async with AsyncExitStack() as clients:

            async def of(member: str, deadline_s: float = self._settings.deadline_s) -> Client:
                return await clients.enter_async_context(self._operator(member, deadline_s))

            primary = await of(address, catch_up_s + 5.0)
            await require_primary(primary, address, term)
            if follow:
                followers = [
                    Follower(address=member, source=source, client=await of(member)) for member, source in follow
                ]
                await line_up(await of(address), followers)
            await step_down(primary, address, period_s, catch_up_s, term)

    def step_down_command(
        self, address: str, *, period_s: int, catch_up_s: int, follow: Sequence[tuple[str, str]] = ()
    ) -> str:
        """As it would be typed into a MongoDB shell."""
        first = [
            f'db.adminCommand({{replSetSyncFrom: "{source}"}})  on {member}, unless it does'
            + ("" if source == address else ", and once more just before the last command")
            for member, source in follow
        ]
        if follow:
            first.append(f'db.adminCommand({{appendOplogNote: 1, data: {{watchkeeper: "{NOTE}"}}}})  on {address}')
        last = f"{{replSetStepDown: {period_s}, secondaryCatchUpPeriodSecs: {catch_up_s}}}"
        return "\n".join([*first, f"db.adminCommand({last})  on {address}"])

    async def close(self) -> None:
        """End every task and client."""
        self._closing.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=2 * self._settings.deadline_s)
            for task in late:
                task.cancel()
        await asyncio.gather(
            self._spares.close(), self.lease.close(), *(watch.close() for watch in self._watches.values())
        )

    def _begin(self) -> None:
        if not self._tasks:
            self._tasks.append(asyncio.get_running_loop().create_task(self._probe_operator()))
            for address in self._addresses:
                self._watch(address)

    def _watch(self, address: str) -> None:
        settings = self._settings
        password = settings.password.reveal() if settings.password else ""
        watch = MemberWatch(address, self._options, settings.username, password, settings.deadline_s, self._publish)
        self._watches[address] = watch
        self._tasks.append(asyncio.get_running_loop().create_task(watch.poll(settings.status_every_s, self._closing)))

    def _publish(self, view: MemberView) -> None:
        for line in view.config:
            # Only what the operator wrote down is dialled: a member that lies must not send us elsewhere.
            if line.address not in self._watches and line.address.rpartition(":")[0] in self._known_hosts:
                self._watch(line.address)
        for queue in self._queues:
            queue.put_nowait(view)

    async def _probe_operator(self) -> None:
        """May the operator's credentials change the set? Asked of whichever member answers."""
        while not self._closing.is_set():
            operable = await self._operable() if self._settings.operator else False
            for watch in self._watches.values():
                watch.operable = operable
            self._probed.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(OPERABLE_EVERY_S if operable is not None else 1.0):
                    await self._closing.wait()

    async def _operable(self) -> bool | None:
        granted = await self._granted(operator=True)
        return None if isinstance(granted, PyMongoError) else may_change(granted)

    async def rights(self) -> tuple[Right, ...]:
        """Of both users, where there are both; asked of whichever member answers."""
        settings = self._settings
        found: list[Right] = []
        if settings.username:
            found.append(watching(settings.username, await self._granted(operator=False)))
        operator = settings.operator
        told = await self._granted(operator=True) if operator else None
        return (*found, *changing(operator.username if operator else "", told))

    async def _granted(self, *, operator: bool) -> Privileges | PyMongoError:
        """What one of our users may do; why that cannot be told, where no member answers."""
        of_operator = partial(self._operator_client, deadline_s=self._settings.deadline_s)
        return await first_answer(of_operator if operator else partial(self._monitor, login=True), self._addresses)

    async def _leading(self) -> str | None:
        """The address of the Primary of the highest term; when none is known, every member is asked."""
        for ask in (False, True):
            views = await self.look() if ask else tuple(watch.view for watch in self._watches.values())
            leading = [view for view in views if view.itself.writable]
            if leading:
                return max(leading, key=lambda view: view.itself.term or 0).address
        return None

    def _address_of(self, node: str) -> str | None:
        for address in {**dict.fromkeys(self._addresses), **self._watches}:
            found = node_at(self._layout, address, "member")
            if node == address or (found is not None and found.name == node):
                return address
        return self._spares.address(node)

    def _monitor(self, address: str, login: bool) -> Client:
        """A client of one address, with the login that only looks, or with none."""
        settings = self._settings
        user, password = (settings.username, settings.password) if login else ("", None)
        shown = password.reveal() if password else ""
        deadline_ms = int(settings.deadline_s * 1000)
        return direct_client(address, self._options, user, shown, settings.deadline_s, timeoutMS=deadline_ms)

    @asynccontextmanager
    async def _operator(self, address: str, deadline_s: float) -> AsyncIterator[Client]:
        """The operator's client of one member, for as long as one command takes."""
        client = self._operator_client(address, deadline_s)
        try:
            yield client
        finally:
            await client.close()

    def _operator_client(self, address: str, deadline_s: float, reach_s: float | None = None) -> Client:
        """The operator's client of one member. Raises Refused when there is no operator."""
        settings, operator = self._settings, self._settings.operator
        if operator is None:
            raise Refused("there is no operator: add [replica_set.operator] with a user of the role clusterManager")
        return direct_client(
            address,
            self._options,
            operator.username,
            operator.password.reveal(),
            reach_s or settings.deadline_s,
            timeoutMS=int(deadline_s * 1000),
        )


def _joined(host: str, port: int | None) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port or 27017}"


PROVIDES = {"replica_set": MongoDB, "journal": MongoCopy, "address": WrittenAddress}
