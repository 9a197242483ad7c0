"""An amount of memory as an operator types it."""

import re
from typing import Self

UNITS = {
    "": 1,
    "B": 1,
    "BYTES": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
    "TIB": 2**40,
}
EXPECTED = "an amount such as 512MiB, 8GiB or plain bytes"


class ByteSize(int):
    """Whole bytes, made of a number or of words such as `8GiB`."""

    def __new__(cls, text: str | int | float) -> Self:
        """Raises ValueError for what is no amount."""
        if isinstance(text, int | float):
            return super().__new__(cls, text)
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text, re.IGNORECASE)
        if not found or found[2].upper() not in UNITS:
            raise ValueError(EXPECTED)
        return super().__new__(cls, round(float(found[1]) * UNITS[found[2].upper()]))


def exactly(size_bytes: int) -> str:
    """In the largest unit that leaves nothing out: `8 GiB`, else plain bytes."""
    shown = amount(size_bytes)
    return shown if ByteSize(shown) == size_bytes else f"{size_bytes} bytes"


def amount(size_bytes: int) -> str:
    """In the largest binary unit that keeps it readable: `8 GiB`, `1.5 GiB`, `512 MiB`."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size_bytes >= size:
            return f"{size_bytes / size:.2f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{size_bytes} bytes"
