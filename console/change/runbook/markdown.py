"""A runbook in Markdown: its tables as TOML front matter between two lines `+++`, and below them the long words.

What stands under a heading `## name` is what the stage of that name says; what stands before the first of them is more
on the purpose.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from markdown_it import MarkdownIt

from console.cluster.text import meant
from console.ports.decode import Mistake

FENCE = "+++"
SUFFIX = ".md"


class Stage(Protocol):
    """What can be given words."""

    name: str
    says: str

    @property
    def stages(self) -> Sequence["Stage"]: ...  # noqa: D102 - a StageTable's own


class Table(Protocol):
    """The whole, decoded."""

    about: str

    @property
    def stages(self) -> Sequence[Stage]: ...  # noqa: D102 - a RunbookTable's own


@dataclass(frozen=True, slots=True)
class Words:
    """What stands under one heading."""

    heading: str
    """Empty: before the first one."""
    text: str
    line: int
    """Of the file, counted from 1."""

    @property
    def path(self) -> str:
        """How a mistake names the place."""
        return f"## {self.heading}" if self.heading else "$.about"


def parted(text: str) -> tuple[str, tuple[Words, ...]]:
    """The TOML, on the lines that it has in the file, and the words below it. Raises Mistake."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    fences = [index for index, line in enumerate(lines) if line.rstrip() == FENCE]
    if not fences or fences[0] != 0:
        raise Mistake("$", f"expected a first line {FENCE}, then the tables as TOML, then another line {FENCE}")
    if len(fences) < 2:
        raise Mistake("$", f"the tables have no end: expected another line {FENCE} after them")
    return "\n".join(["", *lines[1 : fences[1]]]), tuple(_words(lines, fences[1] + 1))


def fill(table: Table, words: Iterable[Words]) -> dict[str, int]:
    """Put the words into the table, and tell the line of each path that they went to. Raises Mistake."""
    places, named = {}, list(_named("$", table.stages))
    for one in words:
        if not one.heading:
            if table.about:
                raise Mistake(one.path, "stands in the tables and below them; keep one")
            table.about = one.text
            continue
        found = [(at, stage) for at, stage in named if stage.name == one.heading]
        if not found:
            names = [stage.name for _, stage in named]
            hint = meant(one.heading, names).rstrip() or "a heading within the words is one of ###"
            raise Mistake(one.path, f"no stage has that name; {hint}")
        if len(found) > 1:
            raise Mistake(one.path, f"{len(found)} stages have that name; give each its own")
        [(at, stage)] = found
        if stage.says:
            raise Mistake(one.path, f"says something here and in {at}.says, or twice here; keep one")
        stage.says = one.text
        places[f"{at}.says"] = one.line
    return places


def _words(lines: Sequence[str], first: int) -> Iterator[Words]:
    """From the headings of the second level, as Markdown sees them: not those within a block of code."""
    body = lines[first:]
    tokens = MarkdownIt("commonmark").parse("\n".join(body))
    headings = [
        (token.map[0], token.map[1], inline.content)
        for token, inline in pairwise(tokens)
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0 and token.map
    ]
    starts = [*(start for start, _, _ in headings), len(body)]
    if before := "\n".join(body[: starts[0]]).strip():
        yield Words("", before, first + 1)
    for (start, after, heading), end in zip(headings, starts[1:], strict=True):
        yield Words(heading, "\n".join(body[after:end]).strip(), first + start + 1)


def _named(at: str, stages: Sequence[Stage]) -> Iterator[tuple[str, Stage]]:
    for index, stage in enumerate(stages):
        here = f"{at}.stages[{index}]"
        yield here, stage
        yield from _named(here, stage.stages)
