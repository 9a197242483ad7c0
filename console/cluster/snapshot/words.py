"""The words that states are told in."""

from enum import StrEnum


class Health(StrEnum):
    """What is known of a thing's service. UNKNOWN is never healthy and never dead."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Admin(StrEnum):
    """What operators asked of a pool member: take traffic, finish and take no new, or take none at all."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


class MemberState(StrEnum):
    """The replica-set member states of MongoDB's manual, and UNKNOWN for what nobody can see."""

    STARTUP = "STARTUP"
    PRIMARY = "PRIMARY"
    SECONDARY = "SECONDARY"
    RECOVERING = "RECOVERING"
    STARTUP2 = "STARTUP2"
    UNKNOWN = "UNKNOWN"
    ARBITER = "ARBITER"
    DOWN = "DOWN"
    ROLLBACK = "ROLLBACK"
    REMOVED = "REMOVED"


class ServiceState(StrEnum):
    """What a host's service manager says of a node's service."""

    RUNNING = "running"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How soon somebody should look."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
