"""Every action, one file each; this tuple is the one list that command line, console and runbooks read."""

from difflib import get_close_matches

from console.change.action import Action
from console.change.actions import drain, maint, ready, resize, restart, step_down
from console.change.plan import PlanError

ACTIONS: tuple[Action, ...] = (
    drain.ACTION,
    ready.ACTION,
    maint.ACTION,
    step_down.ACTION,
    restart.ACTION,
    resize.ACTION,
)


def action_named(name: str) -> Action:
    """The action of that name. Raises PlanError with the nearest."""
    by_name = {action.name: action for action in ACTIONS}
    if name in by_name:
        return by_name[name]
    nearest = get_close_matches(name, by_name, n=1)
    hint = f"did you mean '{nearest[0]}'? " if nearest else ""
    raise PlanError(f"no action '{name}'; {hint}there are: {', '.join(by_name)}")
