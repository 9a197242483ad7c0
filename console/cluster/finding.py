"""How findings are made and put in order, and the words that they share."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from console.cluster.snapshot import Finding, Severity, Snapshot

Diagnosis = Callable[[Snapshot], Iterator[Finding]]
"""Looks at one snapshot for one kind of trouble."""


def critical(code: str, subject: str, says: str, mend: str = "") -> Finding:
    """Service or writes have stopped, or data is at risk."""
    return Finding(code=code, severity=Severity.CRITICAL, subject=subject, says=says, mend=mend)


def warning(code: str, subject: str, says: str, mend: str = "") -> Finding:
    """Something is lost that the next failure would need."""
    return Finding(code=code, severity=Severity.WARNING, subject=subject, says=says, mend=mend)


def info(code: str, subject: str, says: str, mend: str = "") -> Finding:
    """Worth knowing; nothing is lost."""
    return Finding(code=code, severity=Severity.INFO, subject=subject, says=says, mend=mend)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most severe first, then by subject and code."""
    return tuple(sorted(findings, key=lambda f: (_RANK[f.severity], f.subject, f.code, f.says)))


def listed(names: Iterable[str]) -> str:
    """Names in order as words, each once: `db1, db2 and db3`."""
    *first, last = sorted(set(names)) or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def grouped(values: Mapping[str, object]) -> str:
    """Who has which value: `db1 and db2 7, db3 8`."""
    groups: dict[str, list[str]] = {}
    for name, value in values.items():
        groups.setdefault(str(value), []).append(name)
    return ", ".join(f"{listed(names)} {value}" for value, names in sorted(groups.items()))


_RANK = {severity: rank for rank, severity in enumerate(Severity)}
