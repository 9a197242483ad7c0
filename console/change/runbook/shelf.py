"""Where runbooks are: the bundled ones, and the operator's own."""

from pathlib import Path

from console.change.runbook.error import RunbookError
from console.change.runbook.format import Runbook
from console.cluster.text import meant

BUNDLED = Path(__file__).resolve().parents[2] / "runbooks"
SUFFIXES = (".toml", ".md")


def runbook_paths(config_dir: Path) -> dict[str, Path]:
    """By name; the operator's own do not silently replace a bundled one."""
    folders = (config_dir / "runbooks", BUNDLED)
    return {
        path.stem: path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix in SUFFIXES
    }


def runbook_named(name: str, config_dir: Path) -> Runbook:
    """By its name, or by a path. Raises RunbookError with the nearest name."""
    there = runbook_paths(config_dir)
    if name in there:
        return Runbook.read(there[name])
    if name.endswith(SUFFIXES) or "/" in name:
        return Runbook.read(Path(name))
    raise RunbookError(f"no runbook '{name}'; {meant(name, there)}there are: {', '.join(there)}")
