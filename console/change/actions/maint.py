"""maint: drain an application server where it can be, then take it out of every pool; its checks stop as well."""

from collections.abc import Mapping
from dataclasses import replace

from console.change.action import Action, Value
from console.change.actions import drain, offers, persisting, pool, until
from console.change.plan import Holding, Plan
from console.cluster.snapshot import Admin, Snapshot


def plan(snapshot: Snapshot, target: str, parameters: Mapping[str, Value]) -> Plan:
    """The steps of a drain, then maintenance on all balancers or on none."""
    server = pool.find(snapshot, target)
    as_drain = drain.plan(snapshot, target, parameters)
    places = [pool.place(entry) for entry in server.pools]
    maintained = pool.taken_out(snapshot, server, float(parameters["deadline"]))
    written = persisting.steps(snapshot, places, parameters, lambda line, _: line.maint if line else None)
    return replace(
        as_drain,
        action="maint",
        parameters=persisting.told(parameters),
        title=f"Maintenance of {target}",
        checks=(
            *pool.balancer_checks(snapshot, server),
            pool.capacity_check(snapshot, server, Admin.MAINT),
            *persisting.checks(snapshot, places, parameters),
        ),
        steps=(*maintained, *written),
        hold=Holding(admin=Admin.MAINT, for_s=until.seconds(str(parameters["until"]))),
        notes=(
            *as_drain.notes,
            *offers.undrained_notes(snapshot, server),
            f"While in maintenance, {target} is not health-checked; ready asks it first.",
        ),
    )


ACTION = Action(
    name="maint",
    does="Drain a server, then take it out of every pool for maintenance",
    tier="app",
    plan=plan,
    parameters=(*drain.PARAMETERS, persisting.PARAMETER),
    targets=pool.servers,
)
