"""The vendors' own words on the command line, on a cluster in memory."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.cli.root import root
from plugins.memory import cluster_file


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    path = tmp_path / "memory.toml"
    path.write_text(cluster_file("cli-telling"))
    return path


def run(cluster: Path, *words: str) -> Result:
    options = ["--cluster", str(cluster), "--state-dir", str(cluster.parent / "state")]
    return CliRunner().invoke(root, [*options, *words])


def test_raw_prints_each_document_under_its_title(cluster: Path) -> None:
    done = run(cluster, "raw", "lb1")
    assert done.exit_code == 0
    assert "── BalancerView of lb1" in done.stdout
    found = json.loads(run(cluster, "raw", "lb1", "--json").stdout)
    assert found["node"] == "lb1"
    assert found["documents"][0]["title"] == "BalancerView of lb1"
    assert json.loads(found["documents"][0]["text"])["balancer"] == "lb1"


def test_a_name_that_is_nowhere_is_told_with_the_nearest(cluster: Path) -> None:
    assert "did you mean 'lb1'" in str(run(cluster, "raw", "lb11").exception)


def test_logs_of_a_node_whose_service_is_not_told_names_what_to_add(cluster: Path) -> None:
    done = run(cluster, "logs", "app4")
    assert done.exit_code == 5
    assert "add its `service` to the cluster file" in done.stderr
    assert json.loads(run(cluster, "logs", "app4", "--json").stdout)["problem"]


def test_logs_are_printed_and_their_command_is_told(cluster: Path) -> None:
    assert run(cluster, "logs", "app1").exit_code == 0
    assert json.loads(run(cluster, "logs", "app1", "--lines", "7", "--json").stdout)["command"] == "log 7 app1"
