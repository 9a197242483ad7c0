"""What every verb needs to know first: which cluster, and where state is kept."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import platformdirs

from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled

if TYPE_CHECKING:
    from console.cli.beside import Beside
    from console.session import Session

APP = "watchkeeper"
Command = TypeVar("Command", bound=Callable[..., Any])


class Mistake(click.ClickException):
    """Usage or configuration is wrong: one sentence, exit code 2."""

    exit_code = 2


def drawable() -> bool:
    """Screens can be drawn: we are on a terminal, on all sides. Raises Mistake for one that cannot be drawn on."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return False
    if (term := os.environ.get("TERM", "")) in ("", "dumb"):
        why = f"TERM={term}" if term else "TERM is not set"
        raise Mistake(f"this terminal cannot be drawn on ({why}): watchkeeper --plain works on it, in words alone")
    return True


@dataclass
class Settings:
    """The options that may stand before or after any verb."""

    cluster: str | None = None
    state: Path | None = None
    read_only: bool = False
    beside: "Beside | None" = None
    """The loop that a prompt has going beside it."""
    session: "Session | None" = None
    """The session of that prompt: its verbs open none of their own on the same cluster."""
    asks: bool = False
    """Somebody sits at that prompt: what is missing is asked for."""

    @property
    def config_dir(self) -> Path:
        """Where the user's clusters, plugins, runbooks and themes are."""
        return platformdirs.user_config_path(APP)

    @property
    def state_dir(self) -> Path:
        """Where journal and lab are."""
        given = self.state or os.environ.get("WATCHKEEPER_STATE_DIR")
        return Path(given).expanduser().absolute() if given else platformdirs.user_state_path(APP)

    @property
    def plugins(self) -> Plugins:
        """Bundled plugins first: a user's file does not silently replace one."""
        return Plugins((bundled("plugins"), self.config_dir / "plugins"))

    def clusters(self) -> dict[str, Path]:
        """The cluster files in the user's directory, by name."""
        return {path.stem: path for path in sorted((self.config_dir / "clusters").glob("*.toml"))}

    @property
    def several(self) -> list[Path]:
        """The cluster files, where there are more than one and none was asked for."""
        asked = self.cluster or os.environ.get("WATCHKEEPER_CLUSTER")
        known = list(self.clusters().values())
        return known if asked is None and len(known) > 1 else []

    def file(self) -> ClusterFile:
        """The cluster file that is meant. Raises Mistake, ClusterFileError or LabError."""
        if self.session is not None and self.cluster is None:
            return self.session.file
        return ClusterFile.read(self.path(), self.plugins)

    def path(self) -> Path:
        """Where that file is. Raises Mistake or LabError."""
        if self.session is not None and self.cluster is None:
            return self.session.file.path
        wanted = self.cluster or os.environ.get("WATCHKEEPER_CLUSTER")
        known = self.clusters()
        if wanted is None:
            if len(known) == 1:
                return next(iter(known.values()))
            if known:
                raise Mistake(f"which cluster? give --cluster FILE or NAME (there are: {', '.join(known)})")
            raise Mistake(
                f"which cluster? give --cluster FILE or NAME (none is in {self.config_dir / 'clusters'}); "
                "`watchkeeper init` writes one, `watchkeeper demo` shows one"
            )
        if wanted == "lab":
            from console import lab  # other clusters need nothing of it

            return Path(lab.status("lab", self.state_dir).cluster_file)
        if wanted in known:
            return known[wanted]
        path = Path(wanted).expanduser()
        if path.exists() or path.suffix == ".toml" or "/" in wanted:
            return path
        names = ", ".join([*known, "lab"])
        raise Mistake(f"no cluster '{wanted}': neither a file nor a name; names are: {names}")


def shared(command: Command) -> Command:
    """Give a verb the options that every verb takes."""
    for option in (
        click.option("--cluster", metavar="FILE|NAME", expose_value=False, callback=_keep, help="Which cluster."),
        click.option(
            "--state-dir",
            "state",
            metavar="DIR",
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_keep,
            help="Where journal and lab are kept.",
        ),
    ):
        command = option(command)
    return command


def settings() -> Settings:
    """The settings of the invocation that is going on."""
    return click.get_current_context().ensure_object(Settings)


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None:
        setattr(context.ensure_object(Settings), str(parameter.name), value)
