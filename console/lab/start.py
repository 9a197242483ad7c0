"""Starts the processes of a lab in their order, until all is green."""

import time
from collections.abc import Callable
from contextlib import suppress

from console.lab import control, files, green, ledger, nodes, processes, replica_set
from console.lab import size as sizes
from console.lab.error import LabError
from console.lab.layout import NODES, SPARES, Layout, of_role
from console.lab.record import Record

PATIENCE_S = 60.0  # for each step; all of them take about 6 s on two cores

Say = Callable[[str], None]


def start(record: Record, *, say: Say, traffic: bool) -> None:
    """Start every process of a lab and wait until all is green, saying how far it is.

    Raises:
        LabError: a process ended, or a step did not come about in time.
    """
    starting = _Starting(record, say)
    layout = record.layout
    record.sizes = {node.name: size for node in NODES if (size := sizes.at_start(node))}
    record.save()
    files.write(layout)
    for node in of_role("member"):
        nodes.begin(record, node)
    starting.spawn("hosts", processes.python("hosts", layout.dir))
    starting.until("the relays and SSH servers listen", lambda: _hosts_answer(layout))
    starting.said("relays and SSH servers listen")
    for node in of_role("app"):
        nodes.begin(record, node)
    replica_set.initiate(layout, starting.must_live, PATIENCE_S)
    starting.said("the replica set has a Primary and its users")
    for node in SPARES:  # here, because the set now mostly waits for its own heartbeats
        nodes.begin(record, node)
    primary = replica_set.settle(layout, starting.must_live, PATIENCE_S)
    starting.said(f"every member is up to date, {primary} is the Primary")
    # The balancers come last, so that their history does not begin with servers that were DOWN.
    for node in of_role("balancer"):
        nodes.begin(record, node)
    starting.until("both balancers see every server UP", lambda: green.pools_up(layout))
    starting.said("both balancers see every application server UP")
    if traffic:
        starting.spawn("traffic", processes.python("traffic", layout.dir))
        written = layout.path(ledger.FILE)
        starting.until("a write is acknowledged", lambda: written.exists() and written.stat().st_size > 0)
        starting.said("traffic flows")
    starting.until("the spare nodes listen", lambda: all(nodes.listens(record, node) for node in SPARES))
    starting.said("the spare nodes listen")
    record.ready = True
    record.save()


class _Starting:
    """A start in progress: what was spawned so far must stay alive."""

    def __init__(self, record: Record, say: Say) -> None:
        self._record = record
        self._say = say
        self._began_s = time.monotonic()

    def said(self, text: str) -> None:
        """Say what is done, and how many seconds after the beginning."""
        self._say(f"{time.monotonic() - self._began_s:4.1f} s  {text}")

    def spawn(self, job: str, argv: list[str]) -> None:
        """Start a process that is no node, and write it down."""
        self._record.processes[job] = processes.start(argv, self._record.layout.path(), job)
        self._record.save()

    def must_live(self) -> None:
        """Raise LabError with its last words if a process has ended."""
        for job, started in self._record.processes.items():
            if processes.life(started) == "dead":
                words = _last_words(self._record.layout, job)
                raise LabError(f"{job} ended during the start of the lab; its last words: {words}")

    def until(self, what: str, met: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not met():
            self.must_live()
            if time.monotonic() > deadline:
                raise LabError(f"waited {PATIENCE_S:.0f} s in vain until {what}; is the machine too busy?")
            time.sleep(0.03)


def _hosts_answer(layout: Layout) -> bool:
    try:
        control.ask(layout, "list")
    except LabError:
        return False
    return True


def _last_words(layout: Layout, job: str) -> str:
    with suppress(OSError):
        lines = layout.path(f"{job}.log").read_text(errors="replace").strip().splitlines()
        return " | ".join(line[:300] for line in lines[-3:]) or "none"
    return "none"
