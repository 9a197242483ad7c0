"""How far an initial sync has come, as words."""

from console.cluster.snapshot import SyncProgress

UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def progress_words(progress: SyncProgress | None) -> str:
    """`4.2 of 10.0 GiB, 42 %, about 300 s left`; empty when it does not tell."""
    if progress is None or progress.total_bytes <= 0:
        return ""
    # Index builds and the oplog come after the last byte: only SECONDARY is the end.
    percent = min(99, 100 * progress.copied_bytes // progress.total_bytes)
    size, unit = _unit(progress.total_bytes)
    left = "" if progress.remaining_s is None else f", about {progress.remaining_s:.0f} s left"
    failed = f", {progress.failed_attempts} failed attempts" if progress.failed_attempts else ""
    return f"{progress.copied_bytes / size:.1f} of {progress.total_bytes / size:.1f} {unit}, {percent} %{left}{failed}"


def bytes_words(count: int) -> str:
    """`10.0 GiB`."""
    size, unit = _unit(count)
    return f"{count / size:.1f} {unit}"


def _unit(count: int) -> tuple[int, str]:
    return next(((size, unit) for size, unit in UNITS if count >= size), (1, "bytes"))
