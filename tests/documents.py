"""What of the README is made from the project itself: the keys, and the gallery of the approved screens.

`make documents` writes it; a test holds the README to it.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from console.tui.reference import as_declared

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SIZE = re.compile(r"-(\d+x\d+)$")
SHOWN = "120x40"
"""The size of the screens that are shown; the others are linked."""


def blocks() -> dict[str, str]:
    """By the name that stands in the README's comments."""
    return {"keys": as_declared().strip(), "gallery": "\n".join(_gallery()).strip()}


def written(text: str) -> str:
    """The README with every block as it should be."""
    for name, block in blocks().items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, rest = text.split(begin)
        text = f"{head}{begin}\n\n{block}\n\n{end}{rest.split(end)[1]}"
    return text


def _gallery() -> Iterator[str]:
    """A line for each screen, its states and sizes as links, and the first of them shown."""
    names = sorted(path.stem for path in (ROOT / "screenshots").glob("*.svg"))
    for screen, those in groupby(names, key=lambda name: name.partition("-")[0]):
        states: dict[str, list[str]] = {}
        for name in those:
            size = SIZE.search(name)
            states.setdefault(SIZE.sub("", name), []).append(size[1] if size else "")
        yield f"**{screen}**\n"
        first = min(states, key=lambda state: (SHOWN not in states[state], state))
        best = SHOWN if SHOWN in states[first] else states[first][0]
        yield f"![{first}](screenshots/{first}-{best}.svg)\n"
        for state, sizes in states.items():
            links = " ".join(f"[{size}](screenshots/{state}-{size}.svg)" for size in sorted(sizes, key=len))
            yield f"- {state}: {links}"
        yield ""


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
