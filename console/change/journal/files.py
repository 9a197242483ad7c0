"""The journal's files: ours alone, no links, on a disk of this machine."""

import os
import stat
from contextlib import suppress
from pathlib import Path

import psutil

from console.change.journal.record import JournalError

NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs", "lustre")


def make_folder(folder: Path) -> None:
    """Make the state directory, mode 0700 whatever the umask. Raises JournalError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"state directory {folder} cannot be made: {error.strerror}; name one with --state-dir"
        ) from None
    if folder.stat().st_uid == os.getuid() and folder.stat().st_mode & 0o077:
        with suppress(OSError):
            folder.chmod(0o700)


def make_file(path: Path) -> None:
    """Make an empty file, mode 0600 whatever the umask, if there is none; check one that is there."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        why = "is a symbolic link" if path.is_symlink() else f"cannot be opened: {error.strerror}"
        raise JournalError(f"journal {path} {why}; remove it or name another place with --state-dir") from None
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
    if found.st_mode & 0o077:
        raise JournalError(f"journal {path} has mode {found.st_mode & 0o777:04o}; chmod 600 {path}")
    if found.st_nlink != 1:
        raise JournalError(f"journal {path} has {found.st_nlink} links; it must have one")


def check_filesystem(folder: Path) -> None:
    """Raises JournalError on a network filesystem: neither its locks nor its syncs can be relied on."""
    here = folder.resolve()
    mounts = [p for p in psutil.disk_partitions(all=True) if here.is_relative_to(p.mountpoint)]
    mount = max(mounts, key=lambda p: len(p.mountpoint), default=None)
    if mount and mount.fstype in NETWORK:
        raise JournalError(f"{folder} is on {mount.fstype}: a journal needs a local disk; name one with --state-dir")


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, mode 0600, synced."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, text.encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.replace(path)
