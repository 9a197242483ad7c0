"""The server: what it refuses, and what a tab gets; by a small program in place of the console."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psutil
import pytest
from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestServer, unused_port

from console.web import server as serving
from console.web.door import Door
from console.web.server import COOKIE, Place, WebConsole

PROGRAM = """
import os, signal, sys, tty
tty.setraw(0)
def size(*_): print("size", *os.get_terminal_size(0), end="\\r\\n", flush=True)
signal.signal(signal.SIGWINCH, size)
print("pid", os.getpid(), os.environ["WATCHKEEPER_WEB_LOGIN"], os.environ.get("COLUMNS"), end="\\r\\n", flush=True)
size()
while data := os.read(0, 100):
    if data == b"q": break
    print("typed", data.decode(), end="\\r\\n", flush=True)
"""


class Site:
    """A server on loopback, and somebody who asks it."""

    def __init__(self, port: int, door: Door, session: ClientSession, console: WebConsole) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.door, self.session, self.console = door, session, console

    async def get(self, path: str, **headers: str) -> ClientResponse:
        return await self.session.get(self.url + path, headers=headers, allow_redirects=False)

    async def log_in(self) -> None:
        assert (await self.get(f"/login?token={self.door.token}")).status == 200

    def tab(self, size: str = "?width=100&height=30", origin: str = "") -> "asyncio.Future[ClientWebSocketResponse]":
        connect = self.session.ws_connect(f"{self.url}/ws{size}", origin=origin or self.url)
        return asyncio.ensure_future(_opened(connect))


async def _opened(connect: object) -> ClientWebSocketResponse:
    return await connect  # type: ignore[misc, no-any-return]


@asynccontextmanager
async def site(password: str | None = None, idle_s: float = 60.0) -> AsyncIterator[Site]:
    port, door = unused_port(), Door(password, idle_s)
    place = Place(host="127.0.0.1", port=port, public_url=f"http://127.0.0.1:{port}")
    console = WebConsole([sys.executable, "-c", PROGRAM], place, door)
    test_server = TestServer(await console._make_app(), port=port)
    await test_server.start_server()
    try:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:  # an address is no name
            yield Site(port, door, session, console)
    finally:
        await test_server.close()


async def told(tab: ClientWebSocketResponse, words: str) -> str:
    """All that came up to and with these words."""
    came = ""
    async with asyncio.timeout(20):
        while words not in came:
            message = await tab.receive()
            assert message.type is WSMsgType.BINARY, message
            came += message.data.decode()
    return came


async def gone(pid: int) -> None:
    """Wait until that process has ended."""
    with suppress(psutil.NoSuchProcess):
        await asyncio.to_thread(psutil.Process(pid).wait, 20)


async def test_nobody_gets_a_page_or_a_console_without_a_login() -> None:
    async with site() as there:
        page = await there.get("/")
        assert page.status == 401
        assert "Open the link that <code>watchkeeper serve</code> printed" in await page.text()
        with pytest.raises(WSServerHandshakeError, match="401"):
            await there.tab()
        assert (await there.get("/login?token=guess")).status == 401


async def test_the_link_works_once_and_leaves_a_cookie_that_no_script_and_no_other_site_has() -> None:
    async with site() as there:
        link = f"/login?token={there.door.token}"
        first = await there.get(link)
        assert first.status == 200
        cookie = first.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "token" not in await first.text()
        assert (await there.get("/")).status == 200
        there.session.cookie_jar.clear()
        assert (await there.get(link)).status == 401


async def test_every_answer_forbids_caches_frames_and_anything_from_elsewhere() -> None:
    async with site() as there:
        for path in ("/", "/login?token=x", "/static/js/textual.js", "/nowhere"):
            answer = await there.get(path)
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        await there.log_in()
        page = await (await there.get("/")).text()
        assert "http://" not in page
        assert "https://" not in page


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "localhost"])
async def test_a_name_that_the_server_does_not_go_by_is_refused(host: str) -> None:
    async with site() as there:
        await there.log_in()
        assert (await there.get("/", Host=host)).status == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_of_another_site_opens_no_console_and_logs_nobody_in(origin: str) -> None:
    async with site(password="open sesame") as there:
        answer = await there.session.post(
            f"{there.url}/login", data={"password": "open sesame"}, headers={"Origin": origin}
        )
        assert answer.status == 403
        with pytest.raises(WSServerHandshakeError, match="403"):
            await there.tab(origin=origin)


async def test_a_request_that_changes_something_has_to_say_where_it_comes_from() -> None:
    async with site(password="open sesame") as there:
        assert (await there.session.post(f"{there.url}/login", data={"password": "open sesame"})).status == 403


async def test_the_password_lets_in_and_too_many_wrong_ones_close_the_door() -> None:
    async with site(password="open sesame") as there:
        headers = {"Origin": there.url}
        assert 'type="password"' in await (await there.get("/")).text()
        for _ in range(5):
            answer = await there.session.post(f"{there.url}/login", data={"password": "no"}, headers=headers)
            assert answer.status == 401
        answer = await there.session.post(f"{there.url}/login", data={"password": "open sesame"}, headers=headers)
        assert answer.status == 429
        assert "wait" in await answer.text()


async def test_a_tab_shows_what_is_drawn_and_types_and_resizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    async with site() as there:
        await there.log_in()
        tab = await there.tab()
        came = await told(tab, "size 100 30")
        assert "link from 127.0.0.1 None" in came
        await tab.send_json(["stdin", "hello"])
        await told(tab, "typed hello")
        await tab.send_json(["resize", {"width": 61, "height": 20}])
        await told(tab, "size 61 20")
        await tab.send_json(["ping", "7"])
        assert await tab.receive_json() == ["pong", "7"]
        await tab.close()


async def test_a_closed_tab_ends_its_console_as_a_dropped_line_does() -> None:
    async with site() as there:
        await there.log_in()
        tab = await there.tab()
        pid = int((await told(tab, "size")).split()[1])
        await tab.close()
        await gone(pid)
        assert there.console.open_consoles == 0


async def test_a_console_that_is_left_closes_its_tab() -> None:
    async with site() as there:
        await there.log_in()
        tab = await there.tab()
        await told(tab, "size")
        await tab.send_json(["stdin", "q"])
        async with asyncio.timeout(20):
            while (await tab.receive()).type is WSMsgType.BINARY:
                pass
        assert tab.closed


@pytest.mark.parametrize(
    "said", ["no json", "{}", "[]", '["resize", 7]', '["resize", {"width": "x"}]', '["what"]', "7"]
)
async def test_words_that_mean_nothing_change_nothing(said: str) -> None:
    async with site() as there:
        await there.log_in()
        tab = await there.tab()
        await told(tab, "size")
        await tab.send_str(said)
        await tab.send_json(["stdin", "x"])
        await told(tab, "typed x")
        await tab.close()


async def test_more_consoles_than_there_may_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "SESSIONS_MOST", 1)
    async with site() as there:
        await there.log_in()
        tab = await there.tab()
        await told(tab, "size")
        with pytest.raises(WSServerHandshakeError, match="503"):
            await there.tab()
        await tab.close()


async def test_the_end_of_the_server_ends_every_console() -> None:
    async with site() as there:
        await there.log_in()
        tab = await there.tab()
        pid = int((await told(tab, "size")).split()[1])
    await gone(pid)


async def test_a_cookie_of_another_server_is_nobody_s() -> None:
    async with site() as there:
        there.session.cookie_jar.update_cookies({COOKIE: "x" * 43})
        assert (await there.get("/")).status == 401
