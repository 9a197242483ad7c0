"""The one door for plugins: loaded by name, one at a time, a broken one reported and never fatal to others.

A plugin is a file `NAME.py` or a folder `NAME/` in the bundled `plugins/`, or in the user's plugin directory, where an
underscore stands for a dash of the name; or a module that an installed package names under the entry point group
`watchkeeper.plugins`. It defines `PROVIDES`, a mapping of port name to class:

    PROVIDES = {"balancer": HAProxy}

The class has `Settings`, a `msgspec.Struct` with `forbid_unknown_fields=True` that its table in the cluster file is
decoded into, and is made with `(settings, context)`. It gets no more than that.
"""

import importlib.util
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from console.cluster.layout import NodeLine
from console.cluster.text import meant

if TYPE_CHECKING:  # a cluster file is read before the first frame, which waits for no picture and no port
    from importlib.metadata import EntryPoint, EntryPoints

    from console.ports.protocols import Shells

PORTS = ("replica_set", "balancer", "health", "shell", "facts", "service", "size", "journal")
"""Every port that a plugin may provide."""
GROUP = "watchkeeper.plugins"
"""The entry points of installed packages that bring plugins."""


class PluginError(Exception):
    """A plugin is unknown, broken, or does not provide the port; the message is a sentence with the mend."""


@dataclass(frozen=True, slots=True)
class Context:
    """All that a plugin gets beside its settings."""

    name: str
    """The name of the thing it stands for: `lb1`, `rs0`."""
    shells: "Shells | None" = None
    """The hosts, where the cluster file has a `[shell]` table."""
    nodes: Mapping[str, str] = field(default_factory=dict)
    """Addresses of the cluster's nodes by name."""
    lines: tuple[NodeLine, ...] = ()
    """The same nodes with their ports and roles, and which are spare."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """The name that each node's shell goes by; nodes without a shell are missing."""


def bundled(kind: str) -> Path:
    """The folder of what ships with us (`plugins` or `themes`): inside an installed wheel, or in the checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "bundled" / kind
    return installed if installed.is_dir() else package.parent / kind


LOADING = threading.RLock()
"""Several clusters are opened in threads of their own: none may get a module of which another has loaded half."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """Where plugins are looked for; the first folder that has the name wins."""

    folders: tuple[Path, ...]

    def names(self) -> tuple[str, ...]:
        """The names that are there, without importing any."""
        found = {
            entry.stem.replace("_", "-")
            for folder in self.folders
            if folder.is_dir()
            for entry in folder.iterdir()
            if (entry.suffix == ".py" or (entry / "__init__.py").is_file()) and not entry.name.startswith(("_", "."))
        }
        return tuple(sorted(found | set(_entry_points().names)))

    def place(self, name: str) -> str:
        """Where a plugin comes from: `bundled`, its file, or the package that brings it."""
        try:
            path = self._path(name)
        except PluginError:
            entry = next(iter(_entry_points().select(name=name)), None)
            return f"package {entry.dist.name}" if entry and entry.dist else ""
        return "bundled" if path.is_relative_to(bundled("plugins")) else str(path)

    def load(self, name: str, port: str) -> type[Any]:
        """The class that plugin `name` provides for `port`. Raises PluginError."""
        module = self._module(name)
        provides: Mapping[str, type[Any]] = getattr(module, "PROVIDES", {})
        if port not in provides:
            there = ", ".join(sorted(provides)) or "nothing"
            raise PluginError(f"plugin '{name}' does not provide {port}; it provides {there}")
        return provides[port]

    def _module(self, name: str) -> ModuleType:
        with LOADING:
            return self._loaded(name)

    def _loaded(self, name: str) -> ModuleType:
        qualified = f"plugins.{_stem(name)}"
        if qualified in sys.modules:
            return sys.modules[qualified]
        try:
            path = self._path(name)
        except PluginError:
            if entry := next(iter(_entry_points().select(name=name)), None):
                return _installed(entry)
            raise
        self._join_namespace()
        spec = importlib.util.spec_from_file_location(qualified, path)
        if spec is None or spec.loader is None:
            raise PluginError(f"plugin '{name}' at {path} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[qualified] = module
        try:
            spec.loader.exec_module(module)
        except Exception as broken:
            del sys.modules[qualified]
            raise PluginError(
                f"plugin '{name}' failed to load from {path}: {type(broken).__name__}: {broken}"
            ) from broken
        return module

    def _join_namespace(self) -> None:
        """Let one plugin import another as `plugins.NAME`, from the same folders in the same order."""
        package = sys.modules.setdefault("plugins", ModuleType("plugins"))
        already = getattr(package, "__path__", ())
        package.__path__ = list(dict.fromkeys([*map(str, self.folders), *already]))

    def _path(self, name: str) -> Path:
        for folder in self.folders:
            for path in (folder / f"{_stem(name)}.py", folder / _stem(name) / "__init__.py"):
                if path.is_file():
                    return path
        names = self.names()
        raise PluginError(f"no plugin '{name}'; {meant(name, names)}there are: {', '.join(names)}")


def _entry_points() -> "EntryPoints":
    """What installed packages bring."""
    from importlib.metadata import entry_points  # a cluster of bundled plugins needs none of it

    return entry_points(group=GROUP)


def _installed(entry: "EntryPoint") -> ModuleType:
    """The module of a plugin that an installed package brings. Raises PluginError."""
    try:
        module = entry.load()
    except Exception as broken:
        where = f"package {entry.dist.name}" if entry.dist else entry.value
        raise PluginError(
            f"plugin '{entry.name}' failed to load from {where}: {type(broken).__name__}: {broken}"
        ) from broken
    if not isinstance(module, ModuleType):
        raise PluginError(f"plugin '{entry.name}': its entry point {entry.value} is no module")
    return module


def _stem(name: str) -> str:
    """The file's name: a module has no dash."""
    return name.replace("-", "_")
