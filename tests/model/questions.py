"""What is asked of the program and of the reference alike; a new action is one more line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from console.change.action import Value
from console.change.actions import ACTIONS, action_named
from console.cluster.snapshot import Snapshot
from console.cluster.whatif import impact, member_removed, without_member, without_server
from tests.model import reference
from tests.model.pictures import SPARE_MEMBER, SPARE_SERVER, member_name, server_name
from tests.model.reference import YES
from tests.model.states import State

Target = Literal["set", "member", "server", "spare member", "spare server"]
Rule = Callable[[State, int], str]
GRADES = ("safe", "degraded", "unsafe")


@dataclass(frozen=True, slots=True)
class Answer:
    """What both said to one question."""

    allowed: bool
    unsafe: bool
    """The program allows, or grades lower, what the reference calls unsafe."""
    needless: bool
    """The program refuses, or grades higher, what the reference calls safe."""
    says: str


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that can be asked of one target of a state."""

    name: str
    about: Target
    rule: Rule
    asks: Callable[[Snapshot, str], str]
    action: str = ""
    """Whose plans are asked for; empty: a what-if, which is graded."""

    @property
    def graded(self) -> bool:
        """Answered by a grade, not by yes or no."""
        return not self.action

    def targets(self, state: State) -> range:
        """The numbers that it can be asked for."""
        members, servers = len(state.members), len(state.servers)
        counts = {
            "set": min(1, members),
            "member": members,
            "server": servers,
            "spare member": min(1, members),
            "spare server": min(1, servers),
        }
        return range(counts[self.about])

    def ask(self, state: State, snapshot: Snapshot, target: int) -> Answer:
        """Both, on one target."""
        names = {
            "set": "",
            "member": member_name(target),
            "server": server_name(target),
            "spare member": SPARE_MEMBER,
            "spare server": SPARE_SERVER,
        }
        name = names[self.about]
        here, there = self.asks(snapshot, name), self.rule(state, target)
        if self.graded:
            lower = GRADES.index(here) - GRADES.index(there)
            return Answer(here != "unsafe", lower < 0, lower > 0, f"the program says {here}, the model {there}")
        return Answer(
            allowed=here == YES,
            unsafe=here == YES and there != YES,
            needless=here != YES and there == YES,
            says=f"the program says {here or 'yes'}, the model {there or 'yes'}",
        )


@dataclass(slots=True)
class Count:
    """The answers to one question, each for as many states as it stands for."""

    asked: int = 0
    plans: int = 0
    allowed: int = 0
    unsafe: int = 0
    needless: int = 0
    first: dict[str, str] = field(default_factory=dict)
    """The first disagreement of each kind, with the state."""

    def add(self, answer: Answer, stands_for: int, state: State) -> None:
        """One more plan."""
        self.plans += 1
        self.asked += stands_for
        self.allowed += answer.allowed * stands_for
        self.unsafe += answer.unsafe * stands_for
        self.needless += answer.needless * stands_for
        for kind in ("unsafe", "needless"):
            if getattr(answer, kind):
                self.first.setdefault(kind, f"{answer.says}: {state}")

    def merge(self, other: "Count") -> None:
        """The sum of both."""
        for number in ("asked", "plans", "allowed", "unsafe", "needless"):
            setattr(self, number, getattr(self, number) + getattr(other, number))
        self.first = other.first | self.first


def _action(name: str, about: Target, rule: Rule, **parameters: Value) -> Question:
    def asks(snapshot: Snapshot, target: str) -> str:
        action = action_named(name)
        plan = action.plan(snapshot, target, action.values(parameters))
        reasons = [f"{check.says}: {check.value}, must be {check.limit}" for check in plan.refusals]
        assert all(check.says and check.value and check.limit for check in plan.refusals)
        return "; ".join(reasons)

    return Question(name if about == "set" else f"{name} a {about}", about, rule, asks, name)


def _whatif(name: str, about: Target, rule: Rule, after: Callable[[Snapshot, str], Snapshot]) -> Question:
    tier = "app" if about == "server" else "replica_set"

    def asks(snapshot: Snapshot, target: str) -> str:
        return str(impact(snapshot, after(snapshot, target), tier).grade)

    return Question(f"what if: {name}", about, rule, asks)


TABLE: tuple[Question, ...] = (
    _action("step-down", "set", reference.step_down),
    _action("drain", "server", reference.drain),
    _action("maint", "server", reference.maint),
    _action("ready", "server", reference.ready),
    _action("remove-server", "server", reference.maint),
    _action("set-weight", "server", reference.drain, weight=0),
    _action("remove-member", "member", reference.remove_member),
    _action("set-priority", "member", reference.never_primary, priority=0),
    _action("freeze", "member", reference.freeze),
    _action("unfreeze", "member", reference.freeze),
    _action("add-secondary", "spare member", reference.add_secondary),
    _action("force-reconfigure", "member", reference.force_reconfigure),
    _action("add-server", "spare server", reference.add_server),
    _action("restart", "member", reference.turn_member),
    _action("restart", "server", reference.turn_server),
    _action("resize", "member", reference.turn_member, cpus=2),
    _action("resize", "server", reference.turn_server, cpus=2),
    _whatif("a member is lost", "member", reference.grade_of_lost_member, without_member),
    _whatif("a member is removed", "member", reference.grade_of_removed_member, member_removed),
    _whatif("a server is lost", "server", reference.grade_of_lost_server, without_server),
)
"""Every question; those about actions that are not there are left out of QUESTIONS."""

QUESTIONS = tuple(q for q in TABLE if q.graded or q.action in {action.name for action in ACTIONS})
