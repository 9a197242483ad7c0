"""The console in a real browser: logged in by the link, drawn, typed into, closed; skipped where there is none."""

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pyte
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse
from aiohttp.test_utils import unused_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CLUSTER = """
name = "nowhere"
environment = "production"
[replica_set]
plugin = "mongodb"
uri = "mongodb://127.0.0.1:9/"
[[balancers]]
name = "lb1"
plugin = "haproxy"
socket = "tcp://127.0.0.1:9"
backends = ["app"]
[health]
plugin = "http"
[[nodes]]
name = "app1"
address = "127.0.0.1"
roles = ["app"]
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")


class Browser:
    """One tab, by the browser's own protocol for developers; what the console draws is kept on a screen."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._asked = 0
        self.screen = pyte.Screen(300, 100)
        self._stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        """What stands on the console's screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command, and its answer; what happens meanwhile is noted."""
        self._asked += 1
        await self._socket.send_json({"id": self._asked, "method": method, "params": params})
        async with asyncio.timeout(30):
            while (said := await self._next()).get("id") != self._asked:
                pass
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    async def until(self, words: str) -> None:
        """Wait until these stand on the console's screen."""
        async with asyncio.timeout(60):
            while words not in self.text:
                await self._next()

    async def page_says(self, words: str) -> None:
        """Wait until the page itself says so."""
        said = ""
        async with asyncio.timeout(60):
            while words not in said:
                found = await self.ask(
                    "Runtime.evaluate", expression="String(document.body && document.body.innerText)"
                )
                said = found["result"]["value"]

    async def press(self, key: str) -> None:
        """One key."""
        await self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def _next(self) -> dict[str, Any]:
        said: dict[str, Any] = await self._socket.receive_json()
        if said.get("method") == "Network.webSocketFrameReceived":
            frame = said["params"]["response"]
            if frame["opcode"] == 2:
                self._stream.feed(base64.b64decode(frame["payloadData"]))
        return said


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """`watchkeeper serve` as it is started by hand: the link that it printed, and its process."""
    (folder / "nowhere.toml").write_text(CLUSTER)
    argv = ["--cluster", str(folder / "nowhere.toml"), "--state-dir", str(folder), "--port", str(unused_port())]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console", "serve", *argv, stderr=subprocess.PIPE, env={**os.environ, "HOME": str(folder)}
    )
    try:
        assert process.stderr is not None
        told = ""
        while (found := re.search(r"http://\S+/login\?token=\S+", told)) is None:
            line = await asyncio.wait_for(process.stderr.readline(), 60)
            assert line, told
            told += line.decode()
        assert "read-only" in told
        yield found[0], process.pid
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Browser]:
    """A browser of its own, without a window."""
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--window-size=1100,700"]
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM), *options, f"--user-data-dir={folder / 'chromium'}", "about:blank", stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with ClientSession() as session:
            address = await asyncio.wait_for(_page(session, process.stderr), 60)
            async with session.ws_connect(address, max_msg_size=0) as socket:
                browser = Browser(socket)
                await browser.ask("Network.enable")
                yield browser
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), 30)


async def _page(session: ClientSession, told: asyncio.StreamReader) -> str:
    """Where the first page is spoken to; the browser prints on which port."""
    while (found := re.search(rb"ws://127.0.0.1:(\d+)/", line := await told.readline())) is None:
        assert line
    async with session.put(f"http://127.0.0.1:{int(found[1])}/json/new?about:blank") as answer:
        address: str = json.loads(await answer.text())["webSocketDebuggerUrl"]
        return address


def consoles(server: int) -> list[psutil.Process]:
    return [one for one in psutil.Process(server).children(recursive=True) if "--read-only" in one.cmdline()]


async def test_the_console_is_drawn_in_a_browser_takes_keys_and_ends_with_its_tab(tmp_path: Path) -> None:
    async with served(tmp_path) as (link, server), opened(tmp_path) as browser:
        await browser.ask("Page.navigate", url=link)
        await browser.until("nowhere")
        await browser.until("READ-ONLY")
        await browser.until("app1")
        [console] = consoles(server)
        await browser.press("f")
        await browser.until("Findings, the worst first")
        picture = await browser.ask("Page.captureScreenshot", format="png")
        if folder := os.environ.get("WATCHKEEPER_TEST_PICTURES"):
            await asyncio.to_thread(Path(folder, "browser.png").write_bytes, base64.b64decode(picture["data"]))
        await browser.ask("Page.navigate", url="about:blank")
        await asyncio.to_thread(console.wait, 30)
        await browser.ask("Page.navigate", url=link)
        await browser.page_says("does not work, or not any more")
        cookies = await browser.ask("Network.getCookies", urls=[link])
        assert [(one["httpOnly"], one["sameSite"]) for one in cookies["cookies"]] == [(True, "Strict")]
