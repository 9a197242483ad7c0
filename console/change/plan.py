"""A plan is data, a straight line: checks that must hold, then steps, each an op, its proof and its undo.

What the operator reads, what is rehearsed, what is carried out, what is undone and what is audited is the same value,
with one hash. A plan never branches.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import rfc8785

from console.change.ops import Op
from console.change.proofs import Proof
from console.cluster.snapshot import Admin
from console.cluster.whatif import Grade, Impact
from console.ports.error import OperatorError


class PlanError(OperatorError):
    """No plan can be made of these words (unknown target or parameter); a sentence with the nearest right name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold before the first op, with what was measured and the limit."""

    says: str
    ok: bool
    value: str
    limit: str
    warns: bool = False
    """Worth reading, and no reason to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One op, how it is proved, and how it is undone."""

    does: str
    op: Op
    proof: Proof
    expects: Proof | None = None
    """What must be seen right before the op goes out: it is not begun in a world that is otherwise."""
    undo: Op | None = None
    undone: Proof | None = None
    """What must be seen when it is undone."""
    undo_says: str = ""
    """Why there is no undo, where there is none."""
    patience_s: float = 15.0
    """How long the proof may take."""
    steady_s: float = 0.0
    """How long the proof must go on holding."""
    asks: tuple[str, ...] = ()
    """What the operator may choose from when patience ends; empty: the plan unwinds."""
    bears: bool = False
    """What came before rests on it: where its undo fails, nothing before it is undone."""
    ends: Op | None = None
    """What `end-sessions` sends."""
    command: str = ""
    """The exact words that go out, filled in from the plugin that would send them."""

    @property
    def unsettles(self) -> bool:
        """Makes the replica set elect, or reconfigures it: such a step is not taken twice in a short time."""
        return bool(getattr(self.op, "unsettles", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the other consoles are told of the target when its plan is done."""

    admin: Admin
    """READY: what was told before is over."""
    for_s: float | None = None
    """None: until it is made ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an action would do to one target, seen from one snapshot."""

    action: str
    target: str
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)
    title: str
    cluster: str
    checks: tuple[Check, ...] = ()
    steps: tuple[Step, ...] = ()
    impact: Impact
    fingerprint: tuple[tuple[str, str], ...] = ()
    """The state that it was made from: (what, value). A plan whose state moved is refused with the difference."""
    notes: tuple[str, ...] = ()
    """What the operator should know before saying yes: what a drain will not stop, what comes back by itself."""

    hold: Holding | None = None
    """None: nothing is told."""

    @property
    def unsettles(self) -> bool:
        """Any of its steps makes the replica set elect, or reconfigures it."""
        return any(step.unsettles for step in self.steps)

    @property
    def hash(self) -> str:
        """Identity of what would be done, from the state it was made from: 16 hex digits."""
        return _digest(
            {
                "action": self.action,
                "target": self.target,
                "parameters": dict(self.parameters),
                "steps": [[step.does, step.command, step.proof.says, step.patience_s] for step in self.steps],
                "fingerprint": [list(pair) for pair in self.fingerprint],
            }
        )

    @property
    def fingerprint_hash(self) -> str:
        """Identity of the state alone."""
        return _digest([list(pair) for pair in self.fingerprint])

    @property
    def refusals(self) -> tuple[Check, ...]:
        """The checks that do not hold; a plan with any is not carried out."""
        return tuple(check for check in self.checks if not check.ok and not check.warns)

    @property
    def confirm_words(self) -> str | None:
        """What must be typed: nothing for a safe plan, the target for a degraded one, the cluster for an unsafe one."""
        words = {Grade.SAFE: None, Grade.DEGRADED: self.target, Grade.UNSAFE: self.cluster}
        return words[self.impact.grade]

    def difference(self, other: "Plan") -> str:
        """How the state of `other` differs from this plan's, as a sentence."""
        before, after = dict(self.fingerprint), dict(other.fingerprint)
        moved = [
            f"{what} was {before.get(what, 'absent')}, is {after.get(what, 'absent')}"
            for what in sorted(before.keys() | after.keys())
            if before.get(what) != after.get(what)
        ]
        return "; ".join(moved) or "nothing of the state moved, but the steps did"


def _digest(value: object) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()[:16]  # type: ignore[arg-type]
