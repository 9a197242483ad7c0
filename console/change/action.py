"""What an action is: a name, words, parameters, and a pure function from a snapshot to a plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from console.change.plan import Check, Plan, PlanError
from console.cluster.snapshot import Snapshot

Value = str | int | float
Tier = Literal["app", "balancer", "replica_set", "node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an action: an option of the command line, a field of the dialog."""

    name: str
    kind: type[Value]
    default: Value
    says: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    expects: str = ""
    """What is to be typed, where the kind's name does not say it."""
    tier: Tier | None = None
    """Means something for a target of this tier only; None: for each."""
    applies: Callable[[Snapshot, str], bool] = lambda snapshot, target: True
    """Whether it means anything for a target as the cluster stands."""

    def read(self, text: Value) -> Value:
        """The value of what was typed. Raises PlanError with what was expected."""
        try:
            value = self.kind(text)
        except ValueError:
            raise PlanError(f"--{self.name}: expected {self.expects or self.kind.__name__}, got '{text}'") from None
        if self.choices and value not in self.choices:
            raise PlanError(f"--{self.name}: expected one of {', '.join(self.choices)}, got '{text}'")
        if isinstance(value, int | float) and not self._within(value):
            raise PlanError(f"--{self.name}: expected {self.least:g} to {self.most:g}, got {value:g}")
        return int(value) if isinstance(value, int) else value  # a plan holds plain values: they are stored and hashed

    def _within(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One verb: what it does in a sentence, what it acts on, and how its plan is made."""

    name: str
    does: str
    tier: Tier
    plan: Callable[[Snapshot, str, Mapping[str, Value]], Plan]
    parameters: tuple[Parameter, ...] = ()
    targets: Callable[[Snapshot], tuple[str, ...]]
    """The names that it can be asked for now."""
    repairs: bool = False
    """Mends a set that has no Primary: it may be done without the lease, which is kept in the set."""
    still: Callable[[Snapshot, Plan], tuple[Check, ...]] | None = None
    """What must hold before an interrupted plan is gone on with; None: what must hold for a new one."""

    @property
    def needs_lease(self) -> bool:
        """May not be done without the lease, whatever is confirmed."""
        return self.tier not in ("app", "balancer") and not self.repairs

    def asked_of(self, snapshot: Snapshot, target: str) -> tuple[Parameter, ...]:
        """The parameters that mean something for this target."""
        tiers = {
            None,
            "app" if snapshot.app_server(target) else None,
            "replica_set" if snapshot.member(target) else None,
        }
        asked = (p for p in self.parameters if p.tier in tiers or tiers == {None})
        return tuple(p for p in asked if p.applies(snapshot, target))

    def values(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Every parameter's value, defaults filled in. Raises PlanError."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise PlanError(f"{self.name} has no parameter '{name}'; it has: {', '.join(known) or 'none'}")
        return {name: p.read(given.get(name, p.default)) for name, p in known.items()}
