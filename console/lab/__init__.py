"""The embedded lab: a real cluster of real processes on the loopback interface, started without root."""

from console.lab.error import LabError
from console.lab.faults import heal, kill, partition, pause, resume
from console.lab.green import await_green
from console.lab.lifecycle import down, up
from console.lab.report import reset_gap, traffic_report
from console.lab.status import LabStatus, NodeStatus, status

__all__ = [
    "LabError",
    "LabStatus",
    "NodeStatus",
    "await_green",
    "down",
    "heal",
    "kill",
    "partition",
    "pause",
    "reset_gap",
    "resume",
    "status",
    "traffic_report",
    "up",
]
