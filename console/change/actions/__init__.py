"""Every action, one file each; this tuple is the one list that command line, console and runbooks read."""

from console.change.action import Action
from console.change.actions import (
    add_secondary,
    add_server,
    drain,
    force_reconfigure,
    freeze,
    maint,
    ready,
    remove_member,
    remove_server,
    resize,
    restart,
    set_priority,
    set_weight,
    step_down,
)
from console.change.plan import PlanError
from console.cluster.text import meant

ACTIONS: tuple[Action, ...] = (
    drain.ACTION,
    ready.ACTION,
    maint.ACTION,
    add_server.ACTION,
    remove_server.ACTION,
    set_weight.ACTION,
    step_down.ACTION,
    add_secondary.ACTION,
    remove_member.ACTION,
    set_priority.ACTION,
    freeze.FREEZE,
    freeze.UNFREEZE,
    restart.ACTION,
    resize.ACTION,
    force_reconfigure.ACTION,
)


def action_named(name: str) -> Action:
    """The action of that name. Raises PlanError with the nearest."""
    by_name = {action.name: action for action in ACTIONS}
    if name in by_name:
        return by_name[name]
    raise PlanError(f"no action '{name}'; {meant(name, by_name)}there are: {', '.join(by_name)}")
