"""The size of a node: what its service may use, stored for its next start and read back from the running process.

CPUs are a scheduling affinity, memory is RLIMIT_DATA, the cache is an option of mongod, and the workers are the
requests that an application server works on at once. mongod needs about 0.6 GB of memory to start: the limit counts
what is reserved for the stacks of its threads.
"""

import json
import os
import resource
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import msgspec

from console.cluster.snapshot import Size
from console.lab.error import LabError
from console.lab.layout import Layout, Node

MIB = 2**20
CACHE_LEAST_BYTES = 256 * MIB  # mongod refuses less
ANSWER_PATIENCE_S = 5.0


def at_start(node: Node) -> Size | None:
    """Return the size with which a node begins; a balancer has none."""
    cpus = float(_cpus())
    match node.role:
        case "app":
            return Size(cpus=cpus, memory_bytes=1024 * MIB, workers=8)
        case "member":
            return Size(cpus=cpus, memory_bytes=2048 * MIB, cache_bytes=256 * MIB)
        case "balancer":
            return None


def changed(size: Size, words: Iterable[str]) -> Size:
    """Return the size with each `key=value` of these words in it; an empty value leaves it as it is.

    Raises:
        LabError: a word is not of that form, its key not of this node, or its value can't be had.
    """
    values = msgspec.to_builtins(size)
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or key not in values:
            raise LabError(f"{word!r}: expected KEY=NUMBER with a key out of {', '.join(values)}")
        if not text:
            continue
        if values[key] is None:
            raise LabError(f"{word}: this node has no {key}")
        if not text.isascii() or not text.removesuffix(".0").isdigit():
            raise LabError(f"{word}: expected a whole number")
        values[key] = int(text.removesuffix(".0"))
    new = msgspec.convert(values, Size)
    _check(new)
    return new


def running(layout: Layout, node: Node, pid: int) -> dict[str, int]:
    """Return the size that a running process has, asked of the kernel and of itself, and the memory it uses of it.

    Raises:
        LabError: it is gone, or an application server does not answer.
    """
    try:
        found = {
            "cpus": len(os.sched_getaffinity(pid)),
            "memory_bytes": resource.prlimit(pid, resource.RLIMIT_DATA)[0],
        }
        if node.role == "member":
            found["cache_bytes"] = _cache_bytes(pid)
        elif node.role == "app":
            found["workers"] = _workers(layout, node)
        return {**found, "in_use_bytes": _in_use_bytes(pid), "most_cpus": _cpus()}
    except ProcessLookupError as error:
        raise LabError(f"{node.name} ended while it was looked at") from error


def _check(size: Size) -> None:
    if not 1 <= (size.cpus or 0) <= _cpus():
        raise LabError(f"cpus={size.cpus:g}: expected 1 to {_cpus()}, the CPUs of this machine")
    if size.workers is not None and size.workers < 1:
        raise LabError(f"workers={size.workers}: expected at least 1")
    memory_bytes, cache_bytes = size.memory_bytes or 0, size.cache_bytes
    if cache_bytes is None:
        return
    if cache_bytes < CACHE_LEAST_BYTES or cache_bytes % MIB:
        raise LabError(f"cache_bytes={cache_bytes}: expected whole MiB ({MIB}), {CACHE_LEAST_BYTES} or more")
    if cache_bytes >= memory_bytes:
        raise LabError(f"cache_bytes={cache_bytes}: expected less than memory_bytes, {memory_bytes}")


def _cpus() -> int:
    return len(os.sched_getaffinity(0))


def _cache_bytes(pid: int) -> int:
    # Not out of serverStatus: a member outside any set has no user who may ask.
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return round(float(words[words.index("--wiredTigerCacheSizeGB") + 1]) * 2**30)


def _workers(layout: Layout, node: Node) -> int:
    endpoint = f"{layout.real_address(node)}:{layout.ports.app}"
    url = f"http://{endpoint}/status?token={layout.secret('health.token')}"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_PATIENCE_S) as answer:
            return int(json.loads(answer.read())["workers"])
    except (OSError, ValueError) as error:
        raise LabError(f"{node.name} does not tell its workers at http://{endpoint}/status: {error}") from error


def _in_use_bytes(pid: int) -> int:
    # What RLIMIT_DATA counts: the resident memory is less, and says nothing about how near the limit is.
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
