"""The disk under the journal: full, foreign, shared, taken away."""

import os
import shutil
import stat
import subprocess
import sys
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from console.change.journal import FILE, Journal, JournalError, verify

FULL_DISK = """
import os, sys
from contextlib import suppress
from pathlib import Path
from console.change.journal import FILE, Journal, JournalError, verify

def fill(disk):
    with open(disk / "filler", "ab", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))

def refusal(write):
    try:
        write()
    except JournalError as error:
        return str(error)
    return "it was taken"

disk = Path(sys.argv[1])
state = disk / "state"
if sys.argv[2] == "from the beginning":
    fill(disk)
    print(refusal(lambda: Journal.open(state, "prod")))
    sys.exit()
journal = Journal.open(state, "prod")
about = dict(run="a", action="drain", target="app2")
journal.append_now("plan.confirmed", **about)
journal.append_now("step.intent", **about, step=1, detail={"does": "drain app2"})
fill(disk)
long = {"command": "x" * 20_000}  # more than what is left of the last page
for kind in ("step.intent", "step.undo", "plan.confirmed", "refused"):
    print(refusal(lambda: journal.append_now(kind, **about, step=2, detail=long)))
print((state / "journal.reserve").exists(), bool(journal.read_only_because))
journal.append_now("step.result", **about, step=1, detail={"answer": "y" * 20_000})
print((state / "journal.reserve").exists(), journal.read_only_because)
print(refusal(lambda: journal.append_now("step.intent", **about, step=2)))
print([record.kind for record in journal.records()], verify(state / FILE).ok)
journal.close()
(disk / "filler").unlink()
journal = Journal.open(state, "prod")
print(journal.append_now("plan.abandoned", **about).seq, (state / "journal.reserve").stat().st_size)
journal.close()
"""


def on_a_small_disk(tmp_path: Path, when: str) -> list[str]:
    """What the script says on a tmpfs of 400 KiB in a mount namespace of its own."""
    within = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=400k,mode=700 tmpfs {tmp_path}"
    if not shutil.which("unshare") or subprocess.run([*within, mount], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace can be made here")
    script = ["sh", sys.executable, "-c", FULL_DISK, str(tmp_path), when]
    done = subprocess.run([*within, f'{mount} && exec "$@"', *script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_full_disk_refuses_intents_and_still_takes_the_result_of_what_happened(tmp_path: Path) -> None:
    *refused, before, after, then, kinds, later = on_a_small_disk(tmp_path, "in the middle")
    assert len(refused) == 4
    assert all("is not writable: " in line for line in refused), refused
    assert before == "True False"
    assert after.startswith("False ")
    assert "free some space and start again" in after
    assert "free some space and start again" in then
    assert kinds == "['plan.confirmed', 'step.intent', 'step.result'] True"
    assert later == f"4 {64 * 1024}"


def test_a_disk_without_room_for_the_reserve_is_refused_at_the_start(tmp_path: Path) -> None:
    [line] = on_a_small_disk(tmp_path, "from the beginning")
    assert "has no room for its reserve" in line or "cannot be made" in line
    assert "--state-dir" in line


Mount = namedtuple("Mount", "mountpoint fstype")


def mounts(monkeypatch: pytest.MonkeyPatch, *found: Mount) -> None:
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: list(found))


def test_a_network_filesystem_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts(monkeypatch, Mount("/", "ext4"), Mount(str(tmp_path), "nfs4"))
    with pytest.raises(JournalError, match=r"is on nfs4: a journal needs a local disk; name one with --state-dir"):
        Journal.open(tmp_path / "state", "prod")
    assert not (tmp_path / "state" / FILE).exists()


def test_a_network_filesystem_that_was_allowed_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts(monkeypatch, Mount("/", "ext4"), Mount(str(tmp_path), "nfs4"))
    with closing(Journal.open(tmp_path / "state", "prod", allow_network_fs=True)) as journal:
        assert [(r.kind, r.detail) for r in journal.records()] == [("journal.network_fs_allowed", {"fstype": "nfs4"})]


def test_what_was_mounted_last_over_one_place_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts(monkeypatch, Mount(str(tmp_path), "nfs4"), Mount(str(tmp_path), "ext4"), Mount("/", "nfs"))
    Journal.open(tmp_path / "state", "prod").close()


@pytest.mark.parametrize("umask", [0, 0o077, 0o277])
def test_any_umask_gives_the_same_modes(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with closing(Journal.open(tmp_path / "state", "prod")) as journal:
            journal.append_now("session.opened")
    finally:
        os.umask(before)
    names = (".", FILE, "journal.anchor", "journal.reserve")
    assert [stat.S_IMODE((tmp_path / "state" / name).stat().st_mode) for name in names] == [0o700, 0o600, 0o600, 0o600]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o400])
def test_a_journal_of_another_mode_is_refused_with_the_mend(tmp_path: Path, mode: int) -> None:
    Journal.open(tmp_path, "prod").close()
    (tmp_path / FILE).chmod(mode)
    with pytest.raises(JournalError, match=rf"chmod 600 {tmp_path}"):
        Journal.open(tmp_path, "prod")


def test_a_state_directory_that_others_can_write_to_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(JournalError, match=r"others can write to state directory .* chmod 700"):
        Journal.open(shared, "prod")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("name", [".", FILE])
def test_what_belongs_to_somebody_else_is_refused(tmp_path: Path, name: str) -> None:
    state = tmp_path / "state"
    Journal.open(state, "prod").close()
    os.chown(state / name, 65534, 65534)
    with pytest.raises(JournalError, match="belongs to user id 65534"):
        Journal.open(state, "prod")


def test_a_state_directory_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(JournalError, match="--state-dir"):
        Journal.open(tmp_path / "state", "prod")


@pytest.mark.parametrize("replaced", [False, True])
def test_a_journal_moved_away_while_open_takes_nothing_more(tmp_path: Path, replaced: bool) -> None:
    with closing(Journal.open(tmp_path, "prod")) as journal:
        journal.append_now("session.opened")
        (tmp_path / FILE).rename(tmp_path / "rotated")
        if replaced:
            shutil.copy(tmp_path / "rotated", tmp_path / FILE)
        with pytest.raises(JournalError, match="moved or removed while open; put it back and start again"):
            journal.append_now("plan.confirmed", run="a")
        assert journal.read_only_because
    assert verify(tmp_path / "rotated").records == 1


def test_a_journal_opened_to_look_only_takes_nothing(tmp_path: Path) -> None:
    Journal.open(tmp_path, "prod").close()
    with (
        closing(Journal.open(tmp_path, "prod", read_only=True)) as journal,
        pytest.raises(JournalError, match="was opened to look only"),
    ):
        journal.append_now("plan.confirmed", run="a")


def test_looking_where_there_is_no_journal_makes_none(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        Journal.open(tmp_path / "state", "prod", read_only=True)
    assert not (tmp_path / "state").exists()
