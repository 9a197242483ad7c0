"""The replica set's configuration as lines, a member each, and how two of them differ.

A line without options is one that is not there yet: what else it will say is not known, and is not compared.
"""

from collections.abc import Sequence
from dataclasses import replace

from console.cluster.snapshot import Member, ReplicaSet
from console.cluster.views import MemberConfig

Lines = tuple[MemberConfig, ...]


def configuration(replica_set: ReplicaSet) -> Lines:
    """The line of every configured member, in the configuration's order."""
    return tuple(line(member) for member in replica_set.members if member.configured)


def line(member: Member) -> MemberConfig:
    """A member's line as an operator wrote it: that it is newly added is the server's own mark and not part of it."""
    return MemberConfig(
        address=member.address,
        votes=member.votes,
        priority=member.priority,
        hidden=member.hidden,
        arbiter=member.arbiter,
        delay_s=member.delay_s,
        options=member.options,
    )


def difference(expected: Sequence[MemberConfig], found: Sequence[MemberConfig]) -> str:
    """What is otherwise than expected, as words; empty when nothing is. Order and the server's marks do not count."""
    wanted, there = _by_address(expected), _by_address(found)
    words = []
    for address in dict.fromkeys((*wanted, *there)):
        if address not in wanted:
            words.append(f"{address} is there too")
        elif address not in there:
            words.append(f"{address} is missing")
        elif values := _differing(wanted[address], there[address]):
            words.append(f"{address} has {values}")
    return "; ".join(words)


def moved(before: Sequence[MemberConfig], after: Sequence[MemberConfig]) -> tuple[str, ...]:
    """The addresses whose lines differ."""
    old, new = _by_address(before), _by_address(after)
    return tuple(a for a in dict.fromkeys((*old, *new)) if not _alike(old.get(a), new.get(a)))


def mended(before: Sequence[MemberConfig], after: Sequence[MemberConfig], found: Sequence[MemberConfig]) -> Lines:
    """What was found, with those lines set to `after` that are still as `before`: another's changes stay."""
    old, new, there = _by_address(before), _by_address(after), _by_address(found)
    for address in moved(before, after):
        if _alike(old.get(address), there.get(address)):
            there.pop(address, None)
            there |= {address: new[address]} if address in new else {}
    order = [*new, *(address for address in there if address not in new)]
    return tuple(there[address] for address in order if address in there)


def _alike(one: MemberConfig | None, other: MemberConfig | None) -> bool:
    if one is None or other is None:
        return one is other
    return not _differing(one, other)


def _by_address(lines: Sequence[MemberConfig]) -> dict[str, MemberConfig]:
    return {line.address: replace(line, newly_added=False) for line in lines}


def _differing(wanted: MemberConfig, found: MemberConfig) -> str:
    should, is_now = _values(wanted), _values(found)
    if not wanted.options or not found.options:
        del should["options"]
    return ", ".join(
        f"{name} {is_now[name]} instead of {value}" for name, value in should.items() if is_now[name] != value
    )


def _values(line: MemberConfig) -> dict[str, str]:
    return {
        "votes": str(line.votes),
        "priority": f"{line.priority:g}",
        "hidden": str(line.hidden).lower(),
        "arbiter": str(line.arbiter).lower(),
        "delay": f"{line.delay_s} s",
        "options": " ".join(line.options),
    }
