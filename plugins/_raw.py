"""Raw documents, laid out to be read."""

import base64
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from console.ports.protocols import RawDocument


def json_text(value: Any) -> str:
    """JSON as a person reads it."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def rows_text(rows: Iterable[tuple[str, Mapping[str, str]]]) -> str:
    """Rows of many columns, each a block of its own under its name; a column that tells nothing is left out."""
    blocks = []
    for name, row in rows:
        told = {column: value for column, value in row.items() if value}
        width = max(map(len, told), default=0)
        blocks.append("\n".join([name, *(f"  {column:<{width}}  {value}" for column, value in told.items())]))
    return "\n\n".join(blocks)


async def asked(title: str, ask: Callable[[], Awaitable[str]], problems: tuple[type[Exception], ...]) -> RawDocument:
    """What is answered, with how long it took in the title; one of the problems is the document's own."""
    began_s = time.monotonic()
    try:
        text = await ask()
    except problems as problem:
        return RawDocument(title=title, problem=str(problem))
    return RawDocument(title=f"{title}  in {1000 * (time.monotonic() - began_s):.0f} ms", text=text)


def http_text(status: int, headers: Mapping[str, str], body: bytes, limit_bytes: int) -> str:
    """Status, headers and body; JSON is laid out, and what is packed into it in base64 stands unpacked below it."""
    head = [f"HTTP {status}", *(f"{name}: {value}" for name, value in headers.items()), ""]
    if len(body) > limit_bytes:
        return "\n".join([*head, body[:limit_bytes].decode("utf-8", "replace"), f"(cut after {limit_bytes} bytes)"])
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return "\n".join([*head, body.decode("utf-8", "replace") or "(an empty body, or one that is not read)"])
    lines = [*head, json_text(told)]
    if isinstance(told, dict) and told.get("format") == "base64" and isinstance(told.get("content"), str):
        try:
            lines += ["", "its content, unpacked:", json_text(json.loads(base64.b64decode(told["content"])))]
        except (ValueError, RecursionError):
            lines += ["", "its content cannot be unpacked"]
    return "\n".join(lines)
