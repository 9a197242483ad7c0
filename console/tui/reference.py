"""The keys as a document: made from the one declaration, like the key bar, the help and the palette."""

from collections.abc import Iterator

from console.tui.commands import commands
from console.tui.keymap import AS_DECLARED, Keymap
from console.tui.texts import WHERE


def reference(keymap: Keymap) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Each place by its title; keys, id, title and help of each of its commands."""
    for where, title in WHERE.items():
        told = [(keymap.of_command(one), one) for one in commands(where)]
        yield title, [{"keys": keys, "id": one.id, "title": one.title, "help": one.help} for keys, one in told]


def as_declared() -> str:
    """Markdown: a table for each place."""
    parts = []
    for where, title in WHERE.items():
        rows = [f"| `{keys}` | {command.title} | {command.help} |" for keys, command in AS_DECLARED.told(where)]
        parts.append("\n".join([f"**{title}**", "", "| key | | |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)
