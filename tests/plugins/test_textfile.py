"""A text file on a host, replaced as one or not at all; on this machine's own files."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.ports.protocols import Completed, Refused, ShellError, Unclear
from plugins._local import LocalShell
from plugins._textfile import TextFile


class Shell(LocalShell):
    """Runs what it is told, and fails in one command."""

    def __init__(self, program: str = "", answer: Completed | ShellError | None = None) -> None:
        self._program = program
        self._answer = answer
        self.ran: list[tuple[str, ...]] = []

    async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
        self.ran.append(tuple(argv))
        if argv[0] == self._program and self._answer is not None:
            answer, self._answer = self._answer, None
            if isinstance(answer, ShellError):
                raise answer
            return answer
        return await super().run(argv, timeout_s=timeout_s, stdin=stdin)


class Disk:
    """A folder with one file, which reads `old`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "app.conf"
        self.write(b"old\n")
        self.path.chmod(0o640)

    def write(self, content: bytes) -> None:
        self.path.write_bytes(content)

    def reads(self, name: str = "app.conf") -> bytes:
        return (self.folder / name).read_bytes()

    def mode(self) -> int:
        return self.path.stat().st_mode & 0o777

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def link(self, name: str) -> Path:
        made = self.folder / name
        made.symlink_to("app.conf")
        return made


KEPT = ".app.conf.watchkeeper-before"


def file(disk: Disk, shell: LocalShell | None = None) -> TextFile:
    return TextFile("lb1", shell or LocalShell(), str(disk.path))


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


async def test_a_file_is_replaced_with_its_mode_and_the_old_text_is_kept(disk: Disk) -> None:
    await file(disk).replace("old\n", "new ü\r\n")
    assert disk.reads() == "new ü\r\n".encode()
    assert disk.mode() == 0o640
    assert disk.reads(KEPT) == b"old\n"
    assert disk.names() == [KEPT, "app.conf"]


async def test_it_is_restored_to_the_byte(disk: Disk) -> None:
    await file(disk).replace("old\n", "new\n")
    await file(disk).restore()
    assert disk.reads() == b"old\n"


async def test_a_link_stays_and_what_it_points_to_is_edited(disk: Disk) -> None:
    link = disk.link("enabled")
    await TextFile("lb1", LocalShell(), str(link)).replace("old\n", "new\n")
    assert link.is_symlink()
    assert disk.reads() == b"new\n"


async def test_what_another_changed_meanwhile_stays(disk: Disk) -> None:
    disk.write(b"theirs\n")
    with pytest.raises(Refused, match=r"was changed meanwhile: - old; \+ theirs"):
        await file(disk).replace("old\n", "new\n")
    assert disk.reads() == b"theirs\n"
    assert ".app.conf.watchkeeper-new" not in disk.names()


async def test_a_full_disk_changes_nothing(disk: Disk) -> None:
    full = Completed(status=1, stdout="", stderr="dd: .app.conf: No space left on device\n")
    with pytest.raises(Refused, match="No space left on device"):
        await file(disk, Shell("dd", full)).replace("old\n", "new\n")
    assert disk.reads() == b"old\n"
    assert ".app.conf.watchkeeper-new" not in disk.names()


async def test_a_write_that_was_cut_short_changes_nothing(disk: Disk) -> None:
    with pytest.raises(Refused, match="reads otherwise: is its disk full"):
        await file(disk, Shell("dd", Completed(status=0, stdout="", stderr=""))).replace("old\n", "new\n")
    assert disk.reads() == b"old\n"


async def test_a_connection_that_is_lost_in_the_last_step_is_unclear(disk: Disk) -> None:
    with pytest.raises(Unclear, match="the connection was lost"):
        await file(disk, Shell("mv", ShellError("lb1: the connection was lost"))).replace("old\n", "new\n")


async def test_a_connection_that_is_lost_before_it_has_changed_nothing(disk: Disk) -> None:
    with pytest.raises(Refused, match="the connection was lost"):
        await file(disk, Shell("dd", ShellError("lb1: the connection was lost"))).replace("old\n", "new\n")
    assert disk.reads() == b"old\n"


@pytest.mark.parametrize("content", [b"\xff\xfe", "ä".encode("latin-1")])
async def test_what_could_not_be_written_again_as_it_is_is_not_edited(disk: Disk, content: bytes) -> None:
    disk.write(content)
    with pytest.raises(Refused, match="not plain UTF-8 text"):
        await file(disk).read()


async def test_a_file_that_is_not_there_is_told(disk: Disk) -> None:
    disk.path.unlink()
    with pytest.raises(Refused, match="No such file"):
        await file(disk).read()


async def test_the_dry_run_says_yes_and_leaves_nothing(disk: Disk) -> None:
    assert await file(disk).refuses_edits() == ""
    assert disk.names() == ["app.conf"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_the_dry_run_says_no_where_this_user_may_not_write(disk: Disk) -> None:
    disk.folder.chmod(0o500)
    assert "this user may not write there; set `sudo = true`" in await file(disk).refuses_edits()
    disk.folder.chmod(0o700)


async def test_a_sudo_that_asks_for_a_password_is_told_by_the_dry_run(disk: Disk) -> None:
    class Sudo(LocalShell):
        async def run(self, argv: Sequence[str], *, timeout_s: float = 10.0, stdin: bytes = b"") -> Completed:
            assert tuple(argv[:2]) == ("sudo", "-n")
            if "-l" in argv:
                return Completed(status=1, stdout="", stderr="sudo: a password is required")
            return await super().run(argv[2:], timeout_s=timeout_s, stdin=stdin)

    says = await TextFile("lb1", Sudo(), str(disk.path), sudo=True).refuses_edits()
    assert says.startswith("sudo does not let this user run 'cp -p -- ")
    assert "' without a password; give it `NOPASSWD: cp -p -- " in says
