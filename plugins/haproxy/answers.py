"""HAProxy's answers, read by the names of their columns: `show info`, `show stat`, `show servers state`."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

Row = Mapping[str, str]
"""One line of `show stat`, by column."""
States = Mapping[tuple[str, str], "ServerState"]
"""By backend and server."""

SERVER = "2"
"""The `type` of a server's row, beside frontend 0, backend 1 and listener 3."""
CHECK_ENABLED = 0x04
"""Of srv_check_state: checks are configured and not disabled."""


class ParseError(Exception):
    """An answer that is not what HAProxy says, or not all of it."""


@dataclass(frozen=True, slots=True)
class Process:
    """What `show info` says of the process."""

    version: str
    process_id: int
    uptime_s: int


@dataclass(frozen=True, slots=True)
class ServerState:
    """What `show servers state` alone tells."""

    admin_bits: int
    check_enabled: bool


def complete(answer: str) -> str:
    """The answer itself. Raises ParseError when the empty line that ends every answer is missing."""
    if not answer.endswith("\n\n"):
        raise ParseError(f"it ends too early, or is none: {_shortened(answer)!r}")
    return answer


def number(row: Row, column: str) -> int | None:
    """The number in a column, None where it is empty or not told. Raises ParseError."""
    text = row.get(column, "")
    if text and not text.lstrip("-").isdecimal():
        raise ParseError(f"{column} is {_shortened(text)!r}, not a number")
    return int(text) if text else None


def parse_info(answer: str) -> Process:
    """Raises ParseError."""
    fields = {key: value.strip() for key, _, value in (line.partition(":") for line in answer.splitlines())}
    process_id, uptime_s = number(fields, "Pid"), number(fields, "Uptime_sec")
    if process_id is None or uptime_s is None:
        raise ParseError(f"show info tells no Pid: {_shortened(answer)!r}")
    return Process(fields.get("Version", ""), process_id, uptime_s)


def parse_stat(answer: str) -> list[Row]:
    """Every row. Raises ParseError."""
    if not answer.startswith("# "):
        raise ParseError(f"show stat has no header: {_shortened(answer)!r}")
    try:
        header, *lines = (line for line in csv.reader(io.StringIO(answer[2:], newline=""), strict=True) if line)
    except csv.Error as error:
        raise ParseError(f"show stat is not CSV: {error}") from None
    missing = {"pxname", "svname", "status", "type"} - set(header)
    if missing:
        raise ParseError(f"show stat has no column {', '.join(sorted(missing))}")
    for line in lines:
        if len(line) != len(header):
            raise ParseError(f"show stat has {len(line)} columns instead of {len(header)} in {','.join(line[:2])!r}")
    return [dict(zip(header, line, strict=True)) for line in lines]


def parse_states(answer: str) -> States:
    """By backend and server. Raises ParseError."""
    version, _, rest = answer.strip("\n").partition("\n")
    header, *lines = rest.splitlines() or [""]
    if version != "1" or not header.startswith("# "):
        raise ParseError(f"show servers state is of an unknown form: {_shortened(answer)!r}")
    columns = header[2:].split()
    states = {}
    for line in lines:
        row = dict(zip(columns, line.split(), strict=False))
        bits = number(row, "srv_admin_state")
        if bits is None or "be_name" not in row or "srv_name" not in row:
            raise ParseError(f"show servers state cannot be read: {_shortened(line)!r}")
        enabled = bool((number(row, "srv_check_state") or 0) & CHECK_ENABLED)
        states[row["be_name"], row["srv_name"]] = ServerState(bits, enabled)
    return states


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
