"""Where in a text of TOML a path points to."""

import re


def line_of(text: str, path: str) -> int | None:
    """The line that a path points to, by the tables as they stand in the text; None where that cannot be told."""
    lines, at, header = text.splitlines(), -1, ""
    for name, number in re.findall(r"(\w+)\[(\d+)\]", path):
        header = f"{header}.{name}" if header else name
        places = [index for index in range(at + 1, len(lines)) if lines[index].strip() == f"[[{header}]]"]
        if int(number) >= len(places):
            return None
        at = places[int(number)]
    key = re.compile(rf"\s*\"?{re.escape(path.rpartition('.')[2])}\"?\s*=")
    for index in range(at + 1, len(lines)):
        if key.match(lines[index]):
            return index + 1
        if lines[index].lstrip().startswith("[["):
            break
    return at + 1 if header else None
