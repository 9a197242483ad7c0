"""The server: textual-serve's page and words, our door in front, and a pseudo-terminal behind."""

import asyncio
import os
import signal
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web
from textual_serve.server import Server

from console.web import pages
from console.web.door import Door, Guest
from console.web.terminal import PseudoTerminal

COOKIE = "watchkeeper"
SESSIONS_MOST = 4
"""Consoles at once; each is a process of some 60 MB."""
MESSAGE_MOST_BYTES = 64 * 1024
BODY_MOST_BYTES = 4096
GOODBYE_S = 3.0
"""For consoles to end in, when the server does; those that have a step to finish go on without it."""
LOGIN_VARIABLE = "WATCHKEEPER_WEB_LOGIN"
"""Tells the console, and so the journal, how whoever uses it was let in."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it is served, and by which names it goes."""

    host: str
    port: int
    public_url: str
    """As the browser has it; behind a proxy that of the proxy."""
    tls: ssl.SSLContext | None = None

    @property
    def names(self) -> frozenset[str]:
        """What a browser may call it in `Host`."""
        own = {urlsplit(self.public_url).netloc}
        if self.host in ("127.0.0.1", "::1", "localhost"):
            own |= {f"{name}:{self.port}" for name in ("127.0.0.1", "[::1]", "localhost")}
        return frozenset(name.lower() for name in own)

    @property
    def secure(self) -> bool:
        """The browser comes by https."""
        return self.public_url.startswith("https:")


class WebConsole(Server):
    """Serves one console per browser tab to those who were let in."""

    def __init__(self, argv: Sequence[str], place: Place, door: Door, environ: Mapping[str, str] = os.environ) -> None:
        super().__init__(
            " ".join(argv), host=place.host, port=place.port, title="Watchkeeper", public_url=place.public_url
        )
        self._argv = list(argv)
        self._place = place
        self._door = door
        self._environ = environ
        self._open: dict[PseudoTerminal, web.WebSocketResponse] = {}
        self._ends: set[asyncio.Task[int]] = set()

    @property
    def open_consoles(self) -> int:
        """How many are looked at now."""
        return len(self._open)

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=BODY_MOST_BYTES)
        app.add_routes(
            [
                web.get("/", self.handle_index),
                web.get("/login", self.handle_link),
                web.post("/login", self.handle_password),
                web.get("/ws", self.handle_websocket),
                web.get("/focus.js", self.handle_focus),
                web.static("/static", self.statics_path),
            ]
        )
        app.on_shutdown.append(self.on_shutdown)
        return app

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM. Raises OSError where it cannot listen."""
        runner = web.AppRunner(await self._make_app(), access_log=None)  # addresses hold the token
        await runner.setup()
        told = asyncio.Event()
        try:
            await web.TCPSite(runner, self._place.host, self._place.port, ssl_context=self._place.tls).start()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, told.set)
            ready()
            await told.wait()
        finally:
            await runner.cleanup()

    async def on_shutdown(self, app: web.Application) -> None:
        """Every console ends by its own rules; a step that is going on has its time after we are gone."""
        for websocket in list(self._open.values()):
            await websocket.close(message=b"the server ends")
        if self._ends:
            await asyncio.wait(self._ends, timeout=GOODBYE_S)

    async def handle_index(self, request: web.Request) -> web.Response:
        """The console, or the door."""
        if self._guest(request) is None:
            return self._refused("Not logged in.")
        asked = request.query.get("fontsize", "")
        scheme = "wss" if self._place.secure else "ws"
        url = f"{scheme}://{request.host}/ws"
        return _page(pages.terminal(url, int(asked) if asked.isdigit() and 6 <= int(asked) <= 60 else 16))

    async def handle_focus(self, request: web.Request) -> web.Response:
        """Our own script."""
        return web.Response(text=pages.FOCUS, content_type="text/javascript")

    async def handle_link(self, request: web.Request) -> web.Response:
        """By the link that works once."""
        cookie = self._door.by_token(request.query.get("token", ""), request.remote or "nowhere")
        return self._let_in(cookie) if cookie else self._refused("This link does not work, or not any more.")

    async def handle_password(self, request: web.Request) -> web.Response:
        """By the password."""
        if wait_s := self._door.wait_s:
            return self._refused(f"Too many wrong passwords: wait {wait_s:.0f} s.", 429)
        given = (await request.post()).get("password", "")
        cookie = self._door.by_password(given if isinstance(given, str) else "", request.remote or "nowhere")
        return self._let_in(cookie) if cookie else self._refused("That is not the password.")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One console, for as long as its tab is open and something is done in it."""
        guest = self._guest(request)
        if guest is None:
            raise web.HTTPUnauthorized(text="not logged in")
        if len(self._open) >= SESSIONS_MOST:
            raise web.HTTPServiceUnavailable(text=f"{SESSIONS_MOST} consoles are open already; close one")
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=MESSAGE_MOST_BYTES)
        await websocket.prepare(request)
        width, height = (_length(request.query.get(name, ""), least) for name, least in (("width", 80), ("height", 24)))
        browser = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        environ = {**self._environ, **browser, LOGIN_VARIABLE: guest.name}
        for name in ("COLUMNS", "LINES"):  # of the terminal that we were started in
            environ.pop(name, None)
        terminal = await PseudoTerminal.open(self._argv, environ, width, height)
        self._open[terminal] = websocket
        drawing = asyncio.create_task(_draw(terminal, websocket))
        try:
            await self._listen(websocket, terminal, request.cookies[COOKIE])
        finally:
            drawing.cancel()
            self._end(terminal)
        return websocket

    async def _listen(self, websocket: web.WebSocketResponse, terminal: PseudoTerminal, cookie: str) -> None:
        """What the browser says, until it goes; silence that is too long is not waited for."""
        while self._door.guest(cookie) is not None:
            try:
                message = await websocket.receive(timeout=15)
            except TimeoutError:
                continue
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return
            try:
                kind, said = (*message.json(), None)[:2]
                if kind == "stdin":
                    self._door.touch(cookie)
                    await terminal.type(str(said).encode())
                elif kind == "resize":
                    terminal.resize(int(said["width"]), int(said["height"]))
                elif kind == "ping":
                    await websocket.send_json(["pong", said])
            except (ValueError, TypeError, KeyError):
                continue  # no words of ours
            except OSError:
                return
        await websocket.close(message=b"nothing was done for too long")

    def _end(self, terminal: PseudoTerminal) -> None:
        del self._open[terminal]
        task = asyncio.create_task(terminal.hang_up())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    def _guest(self, request: web.Request) -> Guest | None:
        return self._door.guest(request.cookies.get(COOKIE, ""))

    def _let_in(self, cookie: str) -> web.Response:
        response = _page(pages.onward())
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", secure=self._place.secure, path="/")
        return response

    def _refused(self, says: str, status: int = 401) -> web.Response:
        form = self._door.asks_password
        way = (
            "Give the password."
            if form
            else "Open the link that <code>watchkeeper serve</code> printed; it works once."
        )
        return _page(pages.door(f"{says} {way}", form=form), status)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only by our own names and from our own pages, whatever is asked for."""
        origin = request.headers.get("Origin")
        crosses = request.method == "POST" or request.path == "/ws"
        if request.host.lower() not in self._place.names:
            response: web.StreamResponse = web.Response(status=421, text="this server does not go by that name")
        elif (origin is not None or crosses) and urlsplit(origin or "").netloc.lower() not in self._place.names:
            response = web.Response(status=403, text="asked from a page of another site")
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = error
        if not response.prepared:
            response.headers.update(pages.HEADERS)
        if isinstance(response, web.HTTPException):
            raise response
        return response


async def _draw(terminal: PseudoTerminal, websocket: web.WebSocketResponse) -> None:
    """What the console draws; when it ends, so does the tab's connection."""
    with suppress(ConnectionError):
        async for data in terminal.drawn():
            await websocket.send_bytes(data)
        await websocket.close()


def _page(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


def _length(said: str, otherwise: int) -> int:
    return int(said) if said.isdigit() else otherwise
