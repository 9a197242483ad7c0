"""Which process writes, and whether the one that wrote a record still runs."""

import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

START_TOLERANCE_S = 1.5
"""Two reckonings of one process' start differ by less than this: the kernel tells its own start in whole seconds."""


@cache
def identity() -> Mapping[str, Any]:
    """This process, told apart from every other one that ever had its id."""
    return {
        "host.name": platform.node(),
        "process.pid": os.getpid(),
        "process.start": _start_s(os.getpid()),
        "boot_id": boot_id(),
    }


def alive(body: Mapping[str, Any]) -> bool:
    """The process that wrote this body is still the same and running."""
    import psutil

    if body.get("host.name") != platform.node() or body.get("boot_id") != boot_id():
        return False
    try:
        pid = int(body["process.pid"])
        same = abs(_start_s(pid) - float(body["process.start"])) < START_TOLERANCE_S
        return same and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


def boot_id() -> str:
    """Identity of this start of the machine: a process id from before it says nothing."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    import psutil

    return str(psutil.boot_time())


def _start_s(pid: int) -> float:
    """When it began, in seconds since the machine did: a wall clock that is set does not move it."""
    import psutil

    return round(psutil.Process(pid).create_time() - psutil.boot_time(), 3)
