"""Which key does what: as declared, and as `keys.toml` of the configuration directory has it otherwise.

    "dashboard.actions" = "x"
    "view.findings" = ["f", "ctrl+f"]

What is wrong there is told and left as declared: a key that does nothing is worse on a bad day than an old one.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from textual.keys import Keys, _character_to_key, key_to_character

from console.cluster.text import meant
from console.tui.commands import COMMANDS, Command, commands, spoken

FILE = "keys.toml"
TAKEN = {
    "ctrl+a": "GNU screen",
    "ctrl+b": "tmux",
    "ctrl+c": "every shell",
    "ctrl+d": "every shell",
    "ctrl+q": "the terminal",
    "ctrl+s": "the terminal",
    "ctrl+z": "every shell",
    "ctrl+backslash": "every shell",
}
"""Keys that do not reach us, or not as what is meant by them; and who takes them."""
MANY = 3
"""More keys for the same are told by the first and the last."""
BESIDE = ("view", "table", "everywhere")
"""Commands that can be there on the same screen as those of any other place."""


class Keymap:
    """The keys of every command."""

    def __init__(self, keys: Mapping[str, str], mistakes: tuple[str, ...] = ()) -> None:
        self.keys = dict(keys)
        """Of those that are not as declared: by id, parted by commas."""
        self.mistakes = mistakes

    @classmethod
    def read(cls, config_dir: Path) -> "Keymap":
        """The operator's own file; none is no mistake."""
        path = config_dir / FILE
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls({})
        except (OSError, ValueError) as error:
            return cls({}, (f"{path}: {error}; every key is as declared",))
        return cls.of(table)

    @classmethod
    def of(cls, table: Mapping[str, object]) -> "Keymap":
        """What of a table can be taken; each mistake names its entry and what to do."""
        keys: dict[str, str] = {}
        mistakes: list[str] = []
        for id, said in table.items():
            try:
                keys[id] = _read(id, said)
            except ValueError as mistake:
                mistakes.append(f"{FILE}: {mistake}")
        for clash, why in _clashes(keys):
            keys.pop(clash, None)
            mistakes.append(f"{FILE}: {why}")
        return cls(keys, tuple(mistakes))

    def of_command(self, command: Command) -> str:
        """Its keys as they stand on a keyboard."""
        return spoken(self.keys.get(command.id, command.keys))

    def told(self, *where: str) -> list[tuple[str, Command]]:
        """The commands of these places, those that say the same in one line, and their keys."""
        lines: dict[tuple[str, str], tuple[list[str], Command]] = {}
        for command in commands(*where):
            lines.setdefault((command.title, command.help), ([], command))[0].append(self.of_command(command))
        return [(_together(keys), command) for keys, command in lines.values()]


AS_DECLARED = Keymap({})


def keymap_of(app: object) -> Keymap:
    """The keys of a console; those that are declared, in an app that has no others."""
    keymap: Keymap = getattr(app, "keymap", AS_DECLARED)
    return keymap


def _together(keys: list[str]) -> str:
    return " ".join(keys) if len(keys) <= MANY else f"{keys[0]}…{keys[-1]}"


def _read(id: str, said: object) -> str:
    """The keys of one entry, as textual wants them. Raises ValueError."""
    ids = [command.id for command in COMMANDS]
    if id not in ids:
        raise ValueError(f"there is no command '{id}'; {meant(id, ids)}`watchkeeper keys` tells all")
    keys = said if isinstance(said, list) else [said]
    if not keys or not all(isinstance(key, str) and key.strip() for key in keys):
        raise ValueError(f"{id}: expected a key or a list of keys, got {said!r}")
    return ",".join(_key(id, str(key).strip()) for key in keys)


def _key(id: str, key: str) -> str:
    name = _character_to_key(key) if len(key) == 1 else key.lower()
    if name in TAKEN:
        raise ValueError(f"{id}: {key} is taken by {TAKEN[name]} and would not reach the console; choose another")
    plain = name.rpartition("+")[2]
    known = {member.value for member in Keys}
    if len(plain) > 1 and plain not in known and key_to_character(plain) is None:
        raise ValueError(f"{id}: no key is called '{key}'; {meant(plain, known)}names are like f5, ctrl+x, pageup")
    return name


def _clashes(keys: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """What was given a key that another command has on the same screen."""
    there: dict[str, list[Command]] = {}
    for command in COMMANDS:
        for key in keys.get(command.id, command.keys).split(","):
            there.setdefault(key, []).append(command)
    for key, those in there.items():
        for one in those:
            others = (o for o in those if o is not one and _clash(one, o, key))
            if one.id in keys and (other := next(others, None)) is not None:
                yield one.id, f"{one.id}: {spoken(key)} is {other.title} ({other.id}) there already; choose another"


def _clash(one: Command, other: Command, key: str) -> bool:
    """Both can be there at once, and neither was declared to come before such a key of the other's place."""
    if one.where == other.where:
        return True
    if one.where in BESIDE and other.where not in BESIDE:
        return all(key not in command.keys.split(",") for command in commands(one.where))
    return other.where in BESIDE
