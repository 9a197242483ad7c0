"""The replica set's configuration as lines, a member each, and how two of them differ."""

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
    before = {line.address: _own(line) for line in expected}
    now = {line.address: _own(line) for line in found}
    moved = []
    for address in dict.fromkeys((*before, *now)):
        old, new = before.get(address), now.get(address)
        if old is None:
            moved.append(f"{address} has joined")
        elif new is None:
            moved.append(f"{address} is gone")
        elif old != new:
            moved.append(f"{address} had {_words(old, new)}, has {_words(new, old)}")
    return "; ".join(moved)


def _own(line: MemberConfig) -> MemberConfig:
    return replace(line, newly_added=False)


def _words(line: MemberConfig, other: MemberConfig) -> str:
    """Those values of a line in which it differs from the other."""
    values = {
        "votes": (line.votes, other.votes),
        "priority": (f"{line.priority:g}", f"{other.priority:g}"),
        "hidden": (line.hidden, other.hidden),
        "arbiter": (line.arbiter, other.arbiter),
        "delay": (f"{line.delay_s} s", f"{other.delay_s} s"),
        "options": (" ".join(line.options), " ".join(other.options)),
    }
    return ", ".join(f"{name} {mine}" for name, (mine, theirs) in values.items() if mine != theirs)
