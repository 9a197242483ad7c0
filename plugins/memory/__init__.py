"""A cluster in memory, behind the same ports as a real one: for tests, and held to the truth by the contract suite."""

from .balancer import MemoryBalancer, MemoryHealth
from .hosts import MemoryFacts, MemoryShells
from .members import MEMBERS, SPARES
from .nodes import MemoryService, MemorySize
from .replica_set import MemoryReplicaSet
from .world import BALANCERS, SERVERS, SPARE_SERVERS, WORLDS, World, world

__all__ = ["WORLDS", "MemoryBalancer", "World", "cluster_file", "world"]


def cluster_file(world: str = "default") -> str:
    """The text of a cluster file for a world: as of a real cluster, all its tables naming this plugin."""
    ours = f'plugin = "memory"\nworld = "{world}"'
    tables = [f"[{table}]\n{ours}" for table in ("replica_set", "health", "shell", "facts")]
    tables += [f'[[balancers]]\nname = "{name}"\n{ours}' for name in BALANCERS]
    for role, names in (("app", SERVERS), ("balancer", BALANCERS), ("member", MEMBERS)):
        for name, rack in zip(names, "abc", strict=False):
            node = f'name = "{name}"\naddress = "{name}"\ndomain = "rack-{rack}"\nroles = ["{role}"]'
            driven = f'{{ plugin = "memory", world = "{world}" }}'
            node += f"\nservice = {driven}\nsize = {driven}"
            tables.append(f"[[nodes]]\n{node}")
    for name in SPARE_SERVERS:
        tables.append(f'[[nodes]]\nname = "{name}"\naddress = "{name}"\nroles = ["app"]\nspare = true')
    for name in SPARES:
        tables.append(f'[[nodes]]\nname = "{name}"\naddress = "{name}"\nroles = ["member"]\nspare = true')
    paces = "[watch]\nhealth_s = 0.05\nbalancers_s = 0.05\nhosts_s = 1.0"
    return "\n\n".join([f'name = "{world}"\nenvironment = "test"', *tables, paces]) + "\n"


PROVIDES = {
    "replica_set": MemoryReplicaSet,
    "balancer": MemoryBalancer,
    "health": MemoryHealth,
    "shell": MemoryShells,
    "facts": MemoryFacts,
    "service": MemoryService,
    "size": MemorySize,
}
