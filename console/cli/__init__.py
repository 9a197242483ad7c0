"""The command line: one verb set for people, scripts and tests; stdout is data, stderr is narration."""

import os
import resource
import sys

from console.cli.codes import code_of
from console.cli.root import root


def main() -> None:
    """Run the command line and exit with the code of its contract; no traceback reaches an operator."""
    _keep_to_ourselves()
    sys.exit(code_of(lambda: root.main(standalone_mode=False)))


def _keep_to_ourselves() -> None:
    """What this process holds in memory is secret: no core file of it, and no file that others can read."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEVTOOLS_HOST", "TEXTUAL_DEVTOOLS_PORT", "TEXTUAL_SCREENSHOT"):
        os.environ.pop(name, None)  # textual's doors for debugging: they write down or send away what is on screen
