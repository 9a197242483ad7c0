"""Servers that a balancer knows by their address only, by the names that the cluster file gives them."""

from collections import Counter
from collections.abc import Iterable

from console.cluster.layout import Layout, NodeLine
from console.cluster.observed import node_at


def named(lines: tuple[NodeLine, ...], addresses: Iterable[str]) -> dict[str, str]:
    """Address by name, for the servers of one backend; the address itself where no node, or more than one, is there."""
    layout, there = Layout(cluster="", nodes=lines), list(addresses)
    names = [node.name if (node := node_at(layout, address, "app")) else address for address in there]
    often = Counter(names)
    return {name if often[name] == 1 else address: address for name, address in zip(names, there, strict=True)}
