"""Puts every question to every state, on all processors."""

import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from console.cluster.standing import standing
from console.cluster.whatif import Grade, Impact
from tests.model.pictures import picture
from tests.model.questions import QUESTIONS, Count, Question
from tests.model.states import FULL, State, drawn, pools, sets

Counts = dict[str, Count]


@dataclass(frozen=True, slots=True)
class Share:
    """One worker's part of one kind of states."""

    kind: str
    first: int
    step: int
    size: int
    seed: int = 0


@dataclass(slots=True)
class Result:
    """What was found over one kind of states."""

    states: int = 0
    again: int = 0
    """States that were looked at once more without the Primary that they could have."""
    classes: int = 0
    took_s: float = 0.0
    counts: Counts = field(default_factory=dict)


def whole_sets(most: int) -> Result:
    """All sets of 1 to `most` members."""
    return _driven("sets", most)


def whole_pools(most: int) -> Result:
    """All pools of 1 to `most` servers behind two balancers."""
    return _driven("pools", most)


def random_clusters(count: int, seed: int) -> Result:
    """So many random larger clusters."""
    return _driven("random", count, seed)


def ask_all(state: State, stands_for: int, counts: Counts) -> None:
    """Every question on every target of one state; targets that are equal are asked once, and counted for all."""
    snapshot = picture(state)
    for question in QUESTIONS:
        for target, equals in _targets(question, state):
            answer = question.ask(state, snapshot, target)
            counts.setdefault(question.name, Count()).add(answer, stands_for * equals, state)


def ask_one(state: State, dice: random.Random, counts: Counts) -> None:
    """Every question on one target of one state."""
    snapshot = picture(state)
    for question in QUESTIONS:
        answer = question.ask(state, snapshot, dice.choice(question.targets(state)))
        counts.setdefault(question.name, Count()).add(answer, 1, state)


def _targets(question: Question, state: State) -> Iterator[tuple[int, int]]:
    things: dict[object, list[int]] = {}
    for target in question.targets(state):
        kind: object = target
        if question.about == "member":
            kind = (state.members[target], target in state.primaries)
        elif question.about == "server":
            kind = state.servers[target]
        things.setdefault(kind, []).append(target)
    for alike in things.values():
        yield alike[0], len(alike)


def _driven(kind: str, size: int, seed: int = 0) -> Result:
    began_s, workers = time.monotonic(), multiprocessing.cpu_count()
    shares = [Share(kind, first, workers * 8, size, seed) for first in range(workers * 8)]
    result = Result()
    with multiprocessing.Pool(workers, initializer=_unweighed) as pool:
        for part in pool.imap_unordered(_share, shares):
            result.states += part.states
            result.again += part.again
            result.classes += part.classes
            for name, count in part.counts.items():
                result.counts.setdefault(name, Count()).merge(count)
    result.took_s = time.monotonic() - began_s
    return result


def _unweighed() -> None:
    """In a worker the actions weigh no impact: whether they refuse does not rest on it, and it is asked by itself."""
    nothing = standing(picture(State()))
    weighed = Impact(grade=Grade.SAFE, says="", before=nothing, after=nothing, after_one_more=nothing)
    for name, module in list(sys.modules.items()):
        if name.startswith("console.change.actions.") and hasattr(module, "impact"):
            vars(module)["impact"] = lambda *_, **__: weighed


def _share(share: Share) -> Result:
    result = Result()
    if share.kind == "random":
        for number in range(share.first, share.size, share.step):
            dice = random.Random(f"{share.seed}/{number}")
            ask_one(drawn(dice), dice, result.counts)
            result.states += 1
            result.classes += 1
        return result
    every = sets(share.size) if share.kind == "sets" else pools(share.size)
    for state, stands_for in islice(every, share.first, None, share.step):
        ask_all(state, stands_for, result.counts)
        if FULL in state.members and not state.primaries:
            result.again += stands_for
        else:
            result.states += stands_for
        result.classes += 1
    return result
