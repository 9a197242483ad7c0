"""The configuration document of a replica set as lines, and the document that other lines make of it. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from console.cluster.views import MemberConfig

Document = Mapping[str, Any]

LINE = {"host", "votes", "priority", "newlyAdded"}
"""The fields of a member that its line tells by a value of its own; the others are its options."""
DEFAULTS: Document = {
    "arbiterOnly": False,
    "buildIndexes": True,
    "hidden": False,
    "secondaryDelaySecs": 0,
    "tags": {},
    "horizons": {},
}
RECONFIGURE_S = 15.0
"""How long the Primary may wait for a majority, before and after it installs a configuration; 2 s is usual."""


def lines(config: Document) -> tuple[MemberConfig, ...]:
    """Every member's line."""
    return tuple(_line(member) for member in config.get("members", ()))


def changed(config: Document, after: Sequence[MemberConfig]) -> dict[str, Any]:
    """The next version of a configuration, with these lines; whatever they do not tell is as it was."""
    there = {member["host"]: member for member in config["members"]}
    taken = {member["_id"] for member in config["members"]}
    members = []
    for line in after:
        member = dict(there.get(line.address) or _restored(line, taken))
        taken.add(member["_id"])
        members.append(member | {"votes": line.votes, "priority": line.priority})
    return {**config, "version": config["version"] + 1, "members": members}


def edits(before: Sequence[MemberConfig], after: Sequence[MemberConfig]) -> Iterator[str]:
    """What is done to `config.members`, as it would be typed into a MongoDB shell."""
    old, new = {line.address: line for line in before}, {line.address: line for line in after}
    taken = {option["_id"] for line in before if "_id" in (option := _document(line.options))}
    for address, line in new.items():
        host = json.dumps(address)
        if address not in old:
            yield f"config.members.push({json.dumps(_restored(line, taken) | _values(line))})"
        elif _values(line) != _values(old[address]):
            yield f"Object.assign(config.members.find(m => m.host == {host}), {json.dumps(_values(line))})"
    for address in old:
        if address not in new:
            yield f"config.members = config.members.filter(m => m.host != {json.dumps(address)})"


def _line(member: Document) -> MemberConfig:
    return MemberConfig(
        address=str(member.get("host", "")),
        votes=int(member.get("votes", 1)),
        priority=float(member.get("priority", 1)),
        hidden=bool(member.get("hidden", False)),
        arbiter=bool(member.get("arbiterOnly", False)),
        delay_s=int(member.get("secondaryDelaySecs", member.get("slaveDelay", 0))),
        newly_added=bool(member.get("newlyAdded", False)),
        options=tuple(_options(member)),
    )


def _options(member: Document) -> Iterator[str]:
    """`name=value` of whatever is not the default, and `name.key=value` of what is in a table."""
    for name, value in sorted(member.items()):
        if name in LINE or value == DEFAULTS.get(name):
            continue
        if isinstance(value, Mapping):
            yield from (f"{name}.{key}={json.dumps(inner, default=str)}" for key, inner in sorted(value.items()))
        else:
            yield f"{name}={json.dumps(value, default=str)}"


def _document(options: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in options:
        path, _, text = option.partition("=")
        name, dot, key = path.partition(".")
        if dot:
            found.setdefault(name, {})[key] = json.loads(text)
        else:
            found[name] = json.loads(text)
    return found


def _restored(line: MemberConfig, taken: set[int]) -> dict[str, Any]:
    """A member that is not in the configuration: as its line was, under its old number while that is free."""
    was = _document(line.options)
    number = was.get("_id")
    if number is None or number in taken:
        number = max(taken, default=-1) + 1
    return {"_id": number, "host": line.address} | {name: value for name, value in was.items() if name != "_id"}


def _values(line: MemberConfig) -> dict[str, Any]:
    return {"votes": line.votes, "priority": line.priority}
