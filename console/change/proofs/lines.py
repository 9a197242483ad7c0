"""What must be read in the balancers' configurations."""

from dataclasses import dataclass

from console.change.ops.pool import Place
from console.change.proofs.pool import unseen, where
from console.change.proofs.proof import Verdict
from console.cluster.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class LinesRead:
    """Every balancer's configuration, read again, has the line of the server; None: it has none."""

    lines: tuple[tuple[Place, str | None], ...]

    @property
    def says(self) -> str:
        """Names server, balancers and backends, by whether they have a line."""
        clauses = []
        for has in (True, False):
            if places := [place for place, line in self.lines if (line is not None) is has]:
                verb = "as it is to be" if has else "no longer"
                clauses.append(f"{places[0].server} stands {verb} in the configuration of {where(places)}")
        return ", ".join(clauses)

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first that reads otherwise."""
        for place, wanted in self.lines:
            found, why = _read(snapshot, place, since_s)
            if why:
                return Verdict(False, why, blind=True)
            if found != wanted:
                return Verdict(False, f"{place} reads {found or 'no line'}, not {wanted or 'none'}")
        return Verdict(True, self.says)


@dataclass(frozen=True, slots=True)
class LinesUndone:
    """No balancer's configuration reads as it was to be written; what others wrote there meanwhile is theirs."""

    lines: tuple[tuple[Place, str | None], ...]
    """As each was to read."""

    @property
    def says(self) -> str:
        """Names server, balancers and backends."""
        places = [place for place, _ in self.lines]
        return f"{places[0].server} stands in the configuration of {where(places)} as before"

    def look(self, snapshot: Snapshot, since_s: float) -> Verdict:
        """Says the first that still reads so."""
        for place, unwanted in self.lines:
            found, why = _read(snapshot, place, since_s)
            if why:
                return Verdict(False, why, blind=True)
            if found == unwanted:
                return Verdict(False, f"{place} still reads {found or 'no line'}")
        return Verdict(True, self.says)


def _read(snapshot: Snapshot, place: Place, since_s: float) -> tuple[str | None, str]:
    """The line of a place as it was read since then, or why that is not known."""
    if why := unseen(snapshot, place, since_s):
        return None, why
    backend = snapshot.backend(place.balancer, place.backend)
    if backend is None or backend.refuses_lines:
        why = backend.refuses_lines if backend else "it has no such backend"
        return None, f"the configuration of {place} cannot be read: {why}"
    written = backend.line_written(place.server)
    return (written.line if written else None), ""
