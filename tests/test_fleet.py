"""Several clusters at once: the worst first, and none of them holds up another."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from console import fleet as looking
from console.cli.root import root
from console.cluster.snapshot import Finding, Severity, Snapshot, Tolerates
from console.fleet import Fleet, Look, in_order
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.session import Session
from plugins.memory import cluster_file
from tests.cluster.pictures import calm

NOWHERE = Path("/nowhere.toml")


def look(name: str, severity: Severity | None = None, members: int = 1) -> Look:
    findings = (Finding(code="x", severity=severity, subject=name, says="it is so"),) if severity else ()
    snapshot: Snapshot = replace(calm(), findings=findings, tolerates=Tolerates(app_servers=2, members=members))
    return Look(name=name, path=NOWHERE, snapshot=snapshot)


def test_the_worst_comes_first_and_what_is_not_known_yet_last() -> None:
    looks = [
        look("calm"),
        Look(name="loading", path=NOWHERE),
        look("thin", members=0),
        look("warned", Severity.WARNING),
        look("critical", Severity.CRITICAL),
        Look(name="broken", path=NOWHERE, problem="$.name: missing"),
    ]
    assert [one.name for one in in_order(looks)] == ["broken", "critical", "warned", "thin", "calm", "loading"]


def fleet(folder: Path, **files: str) -> Fleet:
    paths = {}
    for name, text in files.items():
        paths[name] = folder / f"{name}.toml"
        paths[name].write_text(text)
    plugins = Plugins((bundled("plugins"),))
    return Fleet(paths, lambda path: ClusterFile.read(path, plugins), folder)


async def test_each_cluster_is_looked_at_and_a_broken_file_is_a_row_of_its_own(tmp_path: Path) -> None:
    looks = await fleet(tmp_path, one=cluster_file("fleet1"), two=cluster_file("fleet2"), bad="namr = 'x'").once()
    assert looks[0].name == "bad"
    assert "did you mean 'name'?" in looks[0].problem
    assert all(one.snapshot is not None and one.snapshot.replica_set.primary for one in looks[1:])


@asynccontextmanager
async def never() -> AsyncIterator[Session]:
    """A cluster that nothing comes of."""
    await asyncio.Event().wait()
    yield  # type: ignore[misc]


async def test_a_cluster_that_hangs_says_so_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "DEADLINE_S", 3.0)
    there = fleet(tmp_path, one=cluster_file("fleet3"), slow=cluster_file("fleet4"))
    opened = Session.open

    def opening(file: ClusterFile, *given: Any, **more: Any) -> AbstractAsyncContextManager[Session]:
        return never() if file.table.name == "fleet4" else opened(file, *given, **more)

    monkeypatch.setattr(Session, "open", staticmethod(opening))
    looks = {one.name: one for one in await there.once()}
    assert looks["one"].snapshot is not None
    assert "nothing came of it within 3 s" in looks["slow"].problem
    assert looks["slow"].rank[0] == 0


async def test_following_tells_at_once_what_there_is_and_then_each_look(tmp_path: Path) -> None:
    there = fleet(tmp_path, one=cluster_file("fleet5"), bad="")
    async with aclosing(there.follow()) as rounds:
        first = await anext(rounds)
        assert all(one.snapshot is None and not one.problem for one in first)
        async with asyncio.timeout(60):
            while any(one.at is None for one in first):
                first = await anext(rounds)
    assert [one.name for one in first] == ["bad", "one"]


def test_the_command_line_prints_the_fleet_and_ends_with_3_when_one_needs_somebody(tmp_path: Path) -> None:
    clusters = tmp_path / "watchkeeper" / "clusters"
    clusters.mkdir(parents=True)
    (clusters / "one.toml").write_text(cluster_file("fleet6"))
    (clusters / "bad.toml").write_text("name = 7")
    env = {"XDG_CONFIG_HOME": str(tmp_path), "WATCHKEEPER_STATE_DIR": str(tmp_path / "state")}
    told = CliRunner().invoke(root, ["fleet"], env=env)
    assert told.exit_code == 3
    assert told.stdout.splitlines()[0].startswith("bad: not seen: ")
    assert "may be lost: 2 application servers, 1 member;" in told.stdout
    told = CliRunner().invoke(root, ["fleet", "--json"], env=env)
    assert [json.loads(line)["name"] for line in told.stdout.splitlines()] == ["bad", "one"]
