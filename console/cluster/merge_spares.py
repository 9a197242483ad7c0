"""The prepared members out of the looks at them: whoever is in the configuration by now is a member and no spare."""

from collections.abc import Mapping
from dataclasses import replace

from console.cluster.layout import Layout, NodeLine
from console.cluster.observed import Observed, known, node_at
from console.cluster.snapshot import ReplicaSet, SpareMember
from console.cluster.views import SpareView


def spare_members(
    layout: Layout, looks: Mapping[str, Observed[SpareView]], replica_set: ReplicaSet, now_s: float
) -> tuple[SpareMember, ...]:
    """Every spare node of the role member that stands in no configuration."""
    joined = {
        node.name
        for member in replica_set.members
        if member.configured and (node := node_at(layout, member.address, "member"))
    }
    spares = (node for node in layout.role("member") if node.spare and node.name not in joined)
    return tuple(_spare(node, looks.get(node.name), layout.stale_after_s, now_s) for node in spares)


def _spare(node: NodeLine, look: Observed[SpareView] | None, stale_after_s: float, now_s: float) -> SpareMember:
    itself = look.view.itself if look else SpareMember(name=node.name, address=node.address)
    now = known(look, itself.health, itself.reason, now_s, stale_after_s)
    return replace(itself, name=node.name, domain=node.domain, health=now.health, reason=now.reason, age_s=now.age_s)
