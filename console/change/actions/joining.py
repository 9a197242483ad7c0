"""What is known of a server that joins before it does: its lines, and what to be told."""

from console.change.ops import Entry, Place
from console.cluster.finding import listed
from console.cluster.snapshot import Snapshot, WrittenLine


def line_of(snapshot: Snapshot, entries: tuple[Entry, ...], written: WrittenLine | None, place: Place) -> str | None:
    """What is to stand in the configuration: what stands there already, or as the balancer would have it."""
    [entry] = [entry for entry in entries if entry.place == place]
    joining = snapshot.backend(place.balancer, place.backend)
    if written:
        return written.line
    if joining is None:
        return None
    return joining.line_of(place.server, entry.address, entry.weight)


def joining_notes(snapshot: Snapshot, entries: tuple[Entry, ...], *, persists: bool) -> tuple[str, ...]:
    """What its balancers say of it, and what has to be written for it to outlive a reload."""
    said: dict[str, list[str]] = {}
    lines: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        place = entry.place
        joining = snapshot.backend(place.balancer, place.backend)
        if joining is None:
            continue
        for note in joining.notes:
            said.setdefault(note, []).append(f"{place.backend} on {place.balancer}")
        if joining.refuses_drain:
            said.setdefault(f"{joining.refuses_drain}, so that it is not tried without traffic before.", []).append(
                f"{place.backend} on {place.balancer}"
            )
        if place.server not in joining.missing and not joining.lasts and not persists:
            line = joining.line_of(place.server, entry.address, entry.weight)
            lines.setdefault((place.backend, line), []).append(place.balancer)
    notes = [f"{listed(where)}: {note}" for note, where in said.items()]
    notes += [
        f"It will not survive a reload of {listed(where)} until this stands in backend {backend}: {line}"
        for (backend, line), where in lines.items()
    ]
    return tuple(notes)
