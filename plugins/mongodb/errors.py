"""What a failed call means: dead, or only not to be seen; refused, or unknown until re-read."""

import socket
from errno import ECONNREFUSED, ECONNRESET

from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ConnectionFailure,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from console.cluster.snapshot import Health
from console.ports.protocols import Refused, Unclear

AUTHENTICATION_FAILED = 18
UNAUTHORIZED = 13
INVALID_CONFIG = 93
EXCEEDED_TIME_LIMIT = 262
IN_PROGRESS = 117
NOT_SECONDARY = 95
NOT_PRIMARY = (10107, 13435, 10058)
RECONFIGURE_REFUSALS = {
    UNAUTHORIZED: "MongoDB refused the operator's credentials",
    AUTHENTICATION_FAILED: "MongoDB refused the operator's credentials",
    2: "MongoDB refused the configuration",
    74: "no majority of the new configuration answered the Primary, and nothing was changed",
    INVALID_CONFIG: "MongoDB refused the configuration",
    103: "the configuration was changed by somebody else at that moment, or MongoDB does not allow this change",
    104: "the Primary could not be Primary in this configuration",
    109: "another reconfiguration is going on; look again when it has ended",
    308: "a majority does not hold the current configuration yet, and nothing was changed; look again in a moment",
}
"""What MongoDB's error codes mean, where they are known to leave the configuration as it was."""


def connection_problem(error: BaseException, deadline_s: float) -> tuple[Health, str]:
    """The health and the reason of a member that could not be asked."""
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Health.UNKNOWN, "its name cannot be resolved from here"
    # PyMongo's monitor hands the message on without its cause, and adds the configured timeouts to every message.
    text = " ".join(str(cause).partition(" (configured timeouts")[0] for cause in causes).lower()
    if "refused" in text or f"[errno {ECONNREFUSED}]" in text:  # asyncio only says that its call failed
        return Health.DOWN, "connection refused"
    if any(word in text for word in ("closed", "reset", "broken pipe", f"[errno {ECONNRESET}]")):
        return Health.DOWN, "connection closed"
    if "certificate" in text or "ssl" in text:
        return Health.UNKNOWN, f"TLS: {str(error).split(',')[0]}"
    if isinstance(error, TimeoutError | ServerSelectionTimeoutError) or "timed out" in text or "timeout" in text:
        return Health.UNKNOWN, f"no answer within {deadline_s:g} s"
    return Health.UNKNOWN, f"cannot be asked: {str(error).split(', Timeout')[0]}"


def command_problem(error: PyMongoError, user: str) -> str:
    """Why a member that answers does not tell its status."""
    if isinstance(error, ConfigurationError):
        return f"{error}"
    code = error.code if isinstance(error, OperationFailure) else None
    if code == AUTHENTICATION_FAILED:
        return f"MongoDB refused the user '{user}': wrong password, or no such user"
    if code == UNAUTHORIZED:
        return f"the user '{user}' may not read the status: grant it the role clusterMonitor"
    return str(error).split(", full error")[0]


def is_connection_problem(error: BaseException) -> bool:
    """The member was not reached; what it said otherwise is an answer.

    A RuntimeError is how PyMongo's pool fails when it waited in vain on a machine that is too busy.
    """
    return isinstance(error, ConnectionFailure | TimeoutError | OSError | RuntimeError) and not isinstance(
        error, NotPrimaryError
    )


def step_down_problem(error: BaseException, member: str) -> Refused | Unclear:
    """What a failed step-down means. A lost connection is unclear, never failure."""
    if isinstance(error, NotPrimaryError):
        return Refused(f"{member} is not Primary any more")
    if isinstance(error, OperationFailure):
        words = str(error).split(", full error")[0]
        if error.code == IN_PROGRESS:
            return Unclear(f"somebody else is stepping {member} down: {words}")
        if error.code == EXCEEDED_TIME_LIMIT:
            return Refused(f"MongoDB refused: {words}")
        if error.code in (UNAUTHORIZED, AUTHENTICATION_FAILED):
            return Refused(f"MongoDB refused the operator's credentials: {words}")
        if error.code in (2, 24):
            return Refused(f"MongoDB refused: {words}")
        return Unclear(words)
    if isinstance(error, AutoReconnect):
        return Unclear(f"the connection to {member} was lost after the command was sent")
    return Unclear(f"{type(error).__name__}: {error}")


def reconfigure_problem(error: BaseException, member: str) -> Refused | Unclear:
    """What a failed reconfiguration means. Refused only where MongoDB is known to have changed nothing."""
    code, words = _code(error), _words(error)
    if code in NOT_PRIMARY:
        return Refused(f"{member} is not Primary any more: {words}")
    if code in RECONFIGURE_REFUSALS:
        return Refused(f"{RECONFIGURE_REFUSALS[code]}: {words}")
    if isinstance(error, AutoReconnect) and not isinstance(error, NotPrimaryError):
        return Unclear(f"the connection to {member} was lost after the reconfiguration was sent")
    return Unclear(f"{member} did not finish the reconfiguration: {words}")


def freeze_problem(error: BaseException, member: str) -> Refused | Unclear:
    """What a failed freeze means."""
    code, words = _code(error), _words(error)
    if code == NOT_SECONDARY:
        return Refused(f"{member} is Primary or stands for election: {words}")
    if code in (UNAUTHORIZED, AUTHENTICATION_FAILED):
        return Refused(f"MongoDB refused the operator's credentials: {words}")
    if isinstance(error, AutoReconnect):
        return Unclear(f"the connection to {member} was lost after the command was sent")
    return Unclear(words)


def _code(error: BaseException) -> int | None:
    """MongoDB's number for it; where PyMongo has a class of its own for the error, only the details hold it."""
    if isinstance(error, NotPrimaryError):
        details = error.details if isinstance(error.details, dict) else {}
        return details.get("code")
    return error.code if isinstance(error, OperationFailure) else None


def _words(error: BaseException) -> str:
    return str(error).split(", full error")[0]


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
