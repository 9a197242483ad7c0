"""`make model`: every plan and what-if against the reference model, and the numbers in one table."""

import argparse
import sys

from console.change.actions import ACTIONS
from tests.model.drive import Result, random_clusters, whole_pools, whole_sets
from tests.model.questions import TABLE

NEEDLESS_LIMIT = 0.01


def main() -> int:
    """0 when nothing unsafe was allowed and hardly anything safe refused."""
    options = argparse.ArgumentParser(prog="make model")
    options.add_argument("--members", type=int, default=5, help="sets of up to so many members, all of them")
    options.add_argument("--servers", type=int, default=3, help="pools of up to so many servers, all of them")
    options.add_argument("--random", type=int, default=200_000, help="so many larger random clusters")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    print(f"{'':<36}{'asked':>12}{'plans':>10}{'allowed':>12}{'unsafe allowed':>16}{'safe refused':>14}")
    ok = [
        _told(f"sets of 1 to {given.members} members, all", whole_sets(given.members)),
        _told(f"pools of 1 to {given.servers} servers, all", whole_pools(given.servers)),
        _told(f"random clusters, seed {given.seed}", random_clusters(given.random, given.seed)),
    ]
    missing = {q.action for q in TABLE if not q.graded} - {action.name for action in ACTIONS}
    unasked = {action.name for action in ACTIONS} - {q.action for q in TABLE}
    if missing or unasked:
        print(f"not asked: {', '.join(sorted(missing | unasked))}")
    print("asked: each state times each target; states that differ only in order are planned for once and counted all")
    return 0 if all(ok) else 1


def _told(title: str, result: Result) -> bool:
    again = f", {result.again:,} of them once more without a Primary," if result.again else ""
    print(f"\n{title}: {result.states:,} states{again} in {result.classes:,} classes, {result.took_s:.0f} s")
    for name, count in result.counts.items():
        print(
            f"  {name:<34}{count.asked:>12,}{count.plans:>10,}{count.allowed:>12,}"
            f"{count.unsafe:>16,}{count.needless:>14,}"
        )
        for kind, first in count.first.items():
            print(f"      first {kind}: {first}")
    sys.stdout.flush()
    return all(not c.unsafe and c.needless <= NEEDLESS_LIMIT * c.asked for c in result.counts.values())


if __name__ == "__main__":
    sys.exit(main())
