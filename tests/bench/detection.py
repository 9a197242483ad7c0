"""How soon `watchkeeper events` tells what happens to a member, against the cluster's own clock."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from console import lab

Event = dict[str, Any]


class Listener:
    """`events --json` in a process of its own, and every line that it printed."""

    def __init__(self, cluster_file: str) -> None:
        self.events: list[Event] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "console", "events", "--json", "--for", "300", "--cluster", cluster_file],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        self.process.stderr.readline()  # it says that it is watching
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def first(self, wanted: Callable[[Event], bool], since: datetime, seconds: float = 40) -> Event:
        """The first such event after `since`."""
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            for event in list(self.events):
                if _at(event) >= since and wanted(event):
                    return event
            time.sleep(0.002)
        raise TimeoutError(f"not told; heard: {self.events[-10:]}")


@contextlib.contextmanager
def listening(cluster_file: str) -> Iterator[Listener]:
    """A listener that ends with the block."""
    listener = Listener(cluster_file)
    try:
        yield listener
    finally:
        listener.process.terminate()
        listener.process.wait(10)


def killed_primary(listener: Listener, name: str, state_dir: Path, status: dict[str, Any]) -> dict[str, float]:
    """SIGKILL the Primary: milliseconds until it is told down, and from the new term's start until it is told."""
    primary = primary_of(status)
    at = datetime.now(UTC)
    lab.kill(name, state_dir, primary)
    killed = datetime.now(UTC)
    down = listener.first(lambda e: e["subject"] == primary and e["after"] == "down", at)
    new = listener.first(lambda e: e["kind"] == "primary" and e["after"] not in (None, "", "none", primary), at)
    began = _term_began(status, new["after"])
    _mend(name, state_dir, primary)
    return {"down_ms": _ms(killed, down), "new_primary_ms": _ms(began, new)}


def paused_secondary(listener: Listener, name: str, state_dir: Path, status: dict[str, Any]) -> dict[str, float]:
    """SIGSTOP a secondary: milliseconds until it is told unknown or down."""
    secondary = next(n["name"] for n in status["nodes"] if n["role"] == "member" and n["name"] != primary_of(status))
    at = datetime.now(UTC)
    lab.pause(name, state_dir, secondary)
    told = listener.first(lambda e: e["subject"] == secondary and e["after"] in ("unknown", "down"), at)
    _mend(name, state_dir, secondary)
    return {"paused_ms": _ms(at, told)}


def _mend(name: str, state_dir: Path, node: str) -> None:
    """Heal, and let the listener see it before the next fault."""
    lab.heal(name, state_dir, node)
    lab.await_green(name, state_dir)
    time.sleep(4)


def primary_of(status: dict[str, Any]) -> str:
    """The name of the Primary, by a client of our own."""
    for node in status["nodes"]:
        if node["role"] == "member" and node["state"] == "running":
            with _client(status, node) as client:
                hello = client.admin.command("hello")
            if hello.get("isWritablePrimary"):
                return str(node["name"])
    raise RuntimeError("no member is Primary")


def _term_began(status: dict[str, Any], primary: str) -> datetime:
    node = next(n for n in status["nodes"] if n["name"] == primary)
    with _client(status, node) as client:
        metrics = client.admin.command("replSetGetStatus")["electionCandidateMetrics"]
    began: datetime = metrics["newTermStartDate"]
    return began.replace(tzinfo=UTC)


def _client(status: dict[str, Any], node: dict[str, Any]) -> MongoClient[dict[str, Any]]:
    password = (Path(status["dir"]) / "monitor.password").read_text().strip()
    return MongoClient(
        host=node["address"],
        port=node["port"],
        username="monitor",
        password=password,
        directConnection=True,
        timeoutMS=3000,
    )


def _at(event: Event) -> datetime:
    return datetime.fromisoformat(event["at"])


def _ms(since: datetime, event: Event) -> float:
    return (_at(event) - since).total_seconds() * 1000
