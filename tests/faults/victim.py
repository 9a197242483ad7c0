"""`watchkeeper run` as a process of its own, to be raced and killed."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BUSY = "the lease cannot be had"
"""What is said on a machine so busy that the set did not acknowledge in time: it is no result of a test."""


def without_hosts(cluster_file: Path, folder: Path) -> Path:
    """The same cluster without the hosts' shells, which no run of these tests needs: its consoles start sooner."""
    tables = re.split(r"(?m)^(?=\[)", cluster_file.read_text())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lean = folder / "cluster.toml"
    of_hosts = ("[shell]", "[nodes.service]", "[nodes.size]")
    lean.write_text("".join(table for table in tables if not table.startswith(of_hosts)))
    return lean


class Victim:
    """One invocation, with a state directory of its own."""

    def __init__(self, cluster_file: Path, state_dir: Path, words: Sequence[str], reason: str = "a test") -> None:
        self.began_s = time.monotonic()
        self._first = ""
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "console",
                "run",
                *words,
                "--reason",
                reason,
                "--json",
                "--cluster",
                str(cluster_file),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "WATCHKEEPER_STATE_DIR": str(state_dir)},
        )

    def first_word_s(self) -> float:
        """Wait for its first event; seconds since its start."""
        assert self.process.stdout
        self._first = self.process.stdout.readline()
        return time.monotonic() - self.began_s

    def kill(self) -> None:
        """SIGKILL, and no word more."""
        self.process.kill()
        self.process.communicate()

    def events(self) -> list[dict[str, Any]]:
        """Wait for its end; all that it told."""
        out, err = self.process.communicate(timeout=120)
        assert "Traceback" not in err, err
        return [json.loads(line) for line in (self._first + out).splitlines()]
