"""Themes from files: one TOML file each, bundled or the user's own; a broken one is reported beside the others."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from console.cluster.text import meant

DEFAULT = "watchkeeper-dark"
SIXTEEN = "terminal"
"""For a terminal that has no more colours."""
FILE = "themes.toml"
"""Of the configuration directory: which cluster has which theme."""
NOT_COLOURS = ("name", "dark", "ansi", "luminosity_spread", "text_alpha", "variables")

OWN_VARIABLES = {
    "quiet": "foreground",
    "cursor": "surface",
    "frame": "foreground",
    "unknown": "accent",
    "changing": "warning",
    "off": "secondary",
    "loud": "error",
    "on-loud": "background",
}
"""What our screens use beside textual's own names, and the theme's field that stands in where it is not given."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The themes that can be chosen, and why others cannot."""

    themes: tuple[Theme, ...]
    failures: tuple[str, ...]

    @classmethod
    def of(cls, folders: Iterable[Path]) -> "Shelf":
        """Read every theme of these folders; the first of a name wins."""
        themes: dict[str, Theme] = {}
        failures: list[str] = []
        for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
            try:
                theme = read_theme(path)
            except (OSError, ValueError, TypeError, AttributeError) as error:
                failures.append(f"theme {path} was left out: {error}")
            else:
                themes.setdefault(theme.name, theme)
        return cls(tuple(themes.values()), tuple(failures))

    def find(self, name: str) -> Theme:
        """The theme of that name. Raises ValueError with the nearest."""
        names = [theme.name for theme in self.themes]
        if name not in names:
            raise ValueError(f"no theme '{name}'; {meant(name, names)}there are: {', '.join(names)}")
        return self.themes[names.index(name)]

    def first(self, *names: str | None) -> tuple[str, tuple[str, ...]]:
        """The first of these that there is, empty where none is; and what is wrong with those before it."""
        mistakes: list[str] = []
        for name in filter(None, names):
            try:
                return self.find(name).name, tuple(mistakes)
            except ValueError as mistake:
                mistakes.append(str(mistake))
        return "", tuple(mistakes)


def read_theme(path: Path) -> Theme:
    """The theme of one file. Raises ValueError with the key that is wrong."""
    table = tomllib.loads(path.read_text("utf-8"))
    known = [field.name for field in fields(Theme)]
    for key in table:
        if key not in known:
            raise ValueError(f"there is no field '{key}'; {meant(key, known)}known are: {', '.join(known)}")
    if missing := [key for key in ("name", "primary") if key not in table]:
        raise ValueError(f"'{missing[0]}' is missing")
    colours = {key: value for key, value in table.items() if key not in NOT_COLOURS}
    for key, value in {**colours, **table.get("variables", {})}.items():
        if not key.endswith("-style"):
            _check_colour(key, value)
    return Theme(**table)


def remembered(config_dir: Path, cluster: str) -> str:
    """The theme that was kept for a cluster; empty where none was, or where the file cannot be read."""
    try:
        kept = tomllib.loads((config_dir / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(kept.get(cluster, ""))


def remember(config_dir: Path, cluster: str, name: str) -> Path:
    """Keep a theme for a cluster; what the cluster file says comes before it. Raises OSError."""
    path = config_dir / FILE
    try:
        kept = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        kept = {}
    kept[cluster] = name
    lines = [f"{json.dumps(str(one))} = {json.dumps(str(theme))}" for one, theme in sorted(kept.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["# Themes by cluster, as the console keeps them.", *lines, ""]), "utf-8")
    return path


def own_variables(theme: Theme) -> dict[str, str]:
    """Our own names for a theme that does not give them all, as the built-in ones do not."""
    if theme.variables.keys() >= OWN_VARIABLES.keys():
        return {}
    generated = theme.to_color_system().generate()
    return {name: generated[stands_in] for name, stands_in in OWN_VARIABLES.items()}


def _check_colour(key: str, value: object) -> None:
    try:
        Color.parse(str(value))
    except ColorParseError:
        raise ValueError(f"'{key}' is not a colour: {value!r}") from None
