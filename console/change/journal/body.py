"""What goes into a record's body: plain JSON values, without secrets, of a size that can be kept."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

BODY_LIMIT_BYTES = 64 * 1024
TEXT_LIMITS = (4096, 1024, 256, 64)
"""What is kept of one text when a body is too large: the first of these, in characters, that makes it fit."""
ITEMS_LIMIT = 100
"""What is kept of one list when a body is too large."""
INT_LIMIT = 2**53 - 1
"""The largest whole number that every JSON reader reads as it was written."""


def plain(value: Any) -> Any:
    """A value as JSON can carry it: what JSON has no word for becomes its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= INT_LIMIT else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {_text(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _text(value)


def redacted(value: Any, secrets: Iterable[str]) -> Any:
    """A plain value with every secret in its texts replaced by `***`."""
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):  # one secret may be a part of another
            value = value.replace(secret, "***")
        return value
    if isinstance(value, Mapping):
        return {redacted(key, secrets): redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(item, secrets) for item in value]
    return value


def encode(body: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a plain body; what is too large is cut, with its length and digest noted."""
    encoded = rfc8785.dumps(body)
    for limit in TEXT_LIMITS:
        if len(encoded) <= BODY_LIMIT_BYTES:
            return encoded
        encoded = rfc8785.dumps(_cut(body, limit))
    if len(encoded) <= BODY_LIMIT_BYTES:
        return encoded
    whole = rfc8785.dumps(body.get("detail"))
    cut = {"cut": f"({len(whole)} bytes, sha256 {hashlib.sha256(whole).hexdigest()})"}
    return rfc8785.dumps({**_cut({**body, "detail": None}, TEXT_LIMITS[-1]), "detail": cut})


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "backslashreplace")
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _cut(value: Any, limit: int) -> Any:
    if isinstance(value, str) and len(value) > limit:
        digest = hashlib.sha256(value.encode("utf-8")).hexdigest()
        return f"{value[:limit]}… ({len(value)} characters, sha256 {digest})"
    if isinstance(value, Mapping):
        return {key: _cut(item, limit) for key, item in value.items()}
    if isinstance(value, list):
        kept = [_cut(item, limit) for item in value[:ITEMS_LIMIT]]
        if len(value) > ITEMS_LIMIT:
            digest = hashlib.sha256(rfc8785.dumps(value)).hexdigest()
            kept.append(f"… ({len(value)} items, sha256 {digest})")
        return kept
    return value
