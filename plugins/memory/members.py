"""The names and addresses of a world's members, and how a prepared one is."""

from console.cluster.snapshot import Health, SpareMember

MEMBERS = ("db1", "db2", "db3")
SPARES = ("db4",)


def address_of(member: str) -> str:
    """Where a member is, as the replica set writes it."""
    return f"{member}:27017"


def name_of(address: str) -> str:
    """The member at an address."""
    return address.partition(":")[0]


def empty_spare(name: str) -> SpareMember:
    """A prepared member as it should be: empty, of the right version, and reached by everybody."""
    return SpareMember(
        name=name,
        address=address_of(name),
        health=Health.UP,
        awaits_config=True,
        version="memory",
        compatibility="memory",
        clock_skew_s=0.0,
        process_id=name,
        empty=True,
        former=False,
        reached_by=tuple((member, True) for member in MEMBERS),
    )
