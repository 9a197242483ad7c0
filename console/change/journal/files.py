"""The journal's files: ours alone, no links, on a disk of this machine."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.change.journal.record import JournalError

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs", "lustre")
RESERVE = "journal.reserve"
RESERVE_BYTES = 64 * 1024
"""Freed when the disk is full between an op and its result."""
LOCK_DEADLINE_S = 1.0


def make_folder(folder: Path) -> None:
    """Make the state directory, mode 0700 whatever the umask; check one that is there. Raises JournalError."""
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        found = folder.stat()
    except OSError as error:
        raise JournalError(
            f"state directory {folder} cannot be made: {error.strerror}; name one with --state-dir"
        ) from None
    if not stat.S_ISDIR(found.st_mode):
        raise JournalError(f"state directory {folder} is not a directory; name another one with --state-dir")
    if found.st_uid != os.getuid():
        raise JournalError(
            f"state directory {folder} belongs to user id {found.st_uid}; name one of your own with --state-dir"
        )
    if found.st_mode & 0o022:
        mode = stat.S_IMODE(found.st_mode)
        raise JournalError(f"others can write to state directory {folder} (mode {mode:04o}); chmod 700 {folder}")


def make_file(path: Path) -> None:
    """Make an empty file, mode 0600 whatever the umask, if there is none; check one that is there."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
            os.fchmod(handle, 0o600)
        except FileExistsError:
            handle = os.open(path, flags)
    except OSError as error:
        raise JournalError(f"journal {path} {_why(path, error)}") from None
    try:
        check(path, os.fstat(handle))
    finally:
        os.close(handle)


def check(path: Path, found: os.stat_result) -> None:
    """Raises JournalError, with the mend, for a file that others can reach."""
    if not stat.S_ISREG(found.st_mode):
        raise JournalError(f"journal {path} is not a file; name another place with --state-dir")
    if found.st_uid != os.getuid():
        raise JournalError(f"journal {path} belongs to user id {found.st_uid}; chown it to {os.getuid()}")
    if found.st_mode & 0o077 or found.st_mode & 0o600 != 0o600:
        raise JournalError(f"journal {path} has mode {found.st_mode & 0o777:04o}; chmod 600 {path}")
    if found.st_nlink != 1:
        raise JournalError(f"journal {path} has {found.st_nlink} links; it must have one")


def network_filesystem(folder: Path) -> str:
    """The network filesystem it is on, empty on a disk of this machine: else neither locks nor syncs are sure."""
    import psutil

    here = folder.resolve()
    mounts = [p for p in psutil.disk_partitions(all=True) if here.is_relative_to(p.mountpoint)]
    mount = max(reversed(mounts), key=lambda p: len(p.mountpoint), default=None)  # the newest of one place counts
    return mount.fstype if mount and mount.fstype in NETWORK else ""


def keep_reserve(folder: Path) -> None:
    """Keep some room for the result of an op that is under way when the disk fills. Raises JournalError."""
    path = folder / RESERVE
    try:
        if path.is_file() and path.stat().st_size >= RESERVE_BYTES:
            return
        # random bytes: a filesystem that compresses would keep no room for zeros
        _write(path, os.urandom(RESERVE_BYTES))
    except OSError as error:
        path.unlink(missing_ok=True)
        raise JournalError(
            f"journal {path.parent} has no room for its reserve of {RESERVE_BYTES // 1024} KiB: {error.strerror};"
            " free some space, or name another place with --state-dir"
        ) from None


def free_bytes(folder: Path) -> int:
    """Room that is left there."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among all consoles that use this state directory. Raises OSError when another one keeps it too long."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    ends_s = time.monotonic() + LOCK_DEADLINE_S
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > ends_s:
                    raise
                time.sleep(0.002)
        yield
    finally:
        os.close(handle)


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, mode 0600, synced."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        _write(fresh, text.encode())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _why(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "is a symbolic link; remove it or name another place with --state-dir"
    if path.exists():
        return f"cannot be opened: {error.strerror}; chown it to {os.getuid()} and chmod 600 {path}"
    return f"cannot be made: {error.strerror}; name another place with --state-dir"
