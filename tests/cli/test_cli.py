"""The command line without a cluster: its words, its exit codes, and what it does not load."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.change.actions import ACTIONS
from plugins.memory import cluster_file


def watchkeeper(tmp_path: Path, *words: str) -> tuple[int, str, str]:
    environment = {**os.environ, "WATCHKEEPER_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}
    environment.pop("XDG_CONFIG_HOME", None)
    done = subprocess.run(
        [sys.executable, "-m", "console", *words], capture_output=True, text=True, env=environment, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def memory(tmp_path: Path) -> str:
    path = tmp_path / "memory.toml"
    path.write_text(cluster_file("cli"))
    return str(path)


def loaded(code: str) -> set[str]:
    """The packages that this code has loaded at its end."""
    code += "\nprint(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


EVERY_VERB = """
import sys
from console.cli.root import VERBS, root
assert all(root.get_command(None, verb).name == verb for verb in VERBS)
"""


def test_no_verb_loads_textual() -> None:
    assert "textual" not in loaded(EVERY_VERB)


def test_the_verbs_load_no_vendor_before_they_need_one() -> None:
    assert not loaded(EVERY_VERB) & {"pymongo", "asyncssh", "httpx"}


def test_without_a_verb_no_verb_is_loaded() -> None:
    assert not loaded("import sys, console.cli") & {"textual", "rich", "sqlite3", "psutil"}


def test_the_topology_names_who_sends_to_whom_and_what_a_domain_would_cost(tmp_path: Path, memory: str) -> None:
    code, out, _ = watchkeeper(tmp_path, "topology", "--cluster", memory, "--json")
    found = json.loads(out)
    assert code == 0
    assert {one["health"] for one in found["app_servers"]} == {"up"}
    assert sum(one["takes_writes"] for one in found["members"]) == 1
    assert all(one["says"] for one in found["domains"])
    code, out, _ = watchkeeper(tmp_path, "topology", "--cluster", memory)
    assert code == 0
    assert sum(line.startswith("application server ") for line in out.splitlines()) == len(found["app_servers"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("status",), "which cluster? give --cluster FILE or NAME"),
        (("status", "--cluster", "prod"), "no cluster 'prod': neither a file nor a name; names are: lab"),
        (("status", "--cluster", "lab"), "start it with `watchkeeper lab up`"),
        (("status", "--cluster", "/nowhere/prod.toml"), "cannot be read: No such file"),
        (("lab", "kill", "db1"), "start it with `watchkeeper lab up`"),
        (("plan", "drian", "app1"), "did you mean 'drain'?"),
        (("stauts",), "No such command 'stauts'"),
    ],
)
def test_a_mistake_is_exit_code_2_and_a_sentence_on_stderr(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    code, out, err = watchkeeper(tmp_path, *words)
    assert (code, out) == (2, "")
    assert says in err


def test_a_wrong_cluster_file_is_told_with_the_path_into_it(tmp_path: Path, memory: str) -> None:
    text = Path(memory).read_text().replace('world = "cli"', 'wrold = "cli"', 1)
    Path(memory).write_text(text)
    code, _, err = watchkeeper(tmp_path, "config", "check", "--cluster", memory)
    assert code == 2
    assert "$.replica_set.wrold: unknown key; did you mean 'world'?" in err


def test_options_may_stand_before_or_after_the_verb(tmp_path: Path, memory: str) -> None:
    for words in (("--cluster", memory, "status", "--json"), ("status", "--json", "--cluster", memory)):
        code, out, _ = watchkeeper(tmp_path, *words)
        assert code == 0
        assert json.loads(out)["cluster"] == "cli"


def test_status_has_the_keys_of_the_contract(tmp_path: Path, memory: str) -> None:
    document = json.loads(watchkeeper(tmp_path, "status", "--json", "--cluster", memory)[1])
    keys = "cluster at environment tolerates app_servers balancers replica_set nodes findings lease lease_reason holds"
    assert set(document) == set(keys.split())
    assert set(document["app_servers"][0]) == set(
        ["name", "address", "domain", "health", "reason", "latency_ms", "age_s", "pools"]
    )
    pool = "balancer backend admin status check weight sessions queue"
    assert set(document["app_servers"][0]["pools"][0]) == set(pool.split())
    assert set(document["balancers"][0]) == set(["name", "plugin", "health", "reason", "version", "uptime_s", "age_s"])
    assert set(document["replica_set"]) == set(
        ["name", "term", "config_version", "primary", "votes", "majority", "members"]
    )
    member = "name address domain state health reason votes priority lag_s ping_ms sync_source progress version age_s"
    assert set(document["replica_set"]["members"][0]) == set(member.split())
    node = "name address roles domain cpus memory_bytes disk_bytes load1 health reason age_s"
    assert set(document["nodes"][0]) == set(node.split())


def test_a_plan_has_the_keys_of_the_contract(tmp_path: Path, memory: str) -> None:
    code, out, _ = watchkeeper(tmp_path, "plan", "drain", "app2", "--json", "--cluster", memory)
    document = json.loads(out)
    assert code == 0
    assert {"title", "hash", "fingerprint", "impact", "preflight", "steps"} <= set(document)
    assert {"grade", "says", "before", "after"} <= set(document["impact"])
    assert set(document["preflight"][0]) == {"says", "ok", "value", "limit"}
    assert set(document["steps"][0]) == {"does", "command", "proof", "undo", "patience_s"}


def test_a_run_is_events_on_stdout_and_records_in_the_journal(tmp_path: Path, memory: str) -> None:
    code, out, _ = watchkeeper(
        tmp_path, "run", "drain", "app2", "--reason", "kernel", "--yes", "--json", "--cluster", memory
    )
    assert code == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert set(events[0]) == {"at", "run", "kind", "step", "says"}
    assert events[-1]["kind"] == "done"
    code, out, _ = watchkeeper(tmp_path, "journal", "show")
    assert code == 0
    assert "kernel" in out
    assert watchkeeper(tmp_path, "journal", "verify")[0] == 0
    assert len(watchkeeper(tmp_path, "journal", "export")[1].splitlines()) == 9


def test_a_plan_by_its_hash_runs_only_as_that_plan(tmp_path: Path, memory: str) -> None:
    made = json.loads(watchkeeper(tmp_path, "plan", "drain", "app2", "--json", "--cluster", memory)[1])
    same = ("run", "drain", "app2", "--reason", "x", "--yes", "--cluster", memory, "--plan")
    assert watchkeeper(tmp_path, *same, "0" * 16)[0] == 3
    assert watchkeeper(tmp_path, *same, made["hash"])[0] == 0


def test_without_a_terminal_the_console_prints_one_status(tmp_path: Path, memory: str) -> None:
    code, out, _ = watchkeeper(tmp_path, "--cluster", memory)
    assert code == 0
    assert "tolerates the loss of" in out


def test_data_that_is_a_terminal_escape_is_printed_as_text(tmp_path: Path, memory: str) -> None:
    text = Path(memory).read_text().replace('domain = "rack-a"', 'domain = "rack-a"', 1)
    Path(memory).write_text(text.replace('name = "cli"', 'name = "c\\u001b]52;c;eA==\\u0007[/b]li"', 1))
    code, out, _ = watchkeeper(tmp_path, "status", "--cluster", memory)
    assert code == 0
    assert "\x1b" not in out
    assert "\\x1b]52;c;eA==\\x07[/b]li" in out


def test_a_name_in_the_cluster_file_that_is_a_terminal_escape_is_printed_as_text(tmp_path: Path, memory: str) -> None:
    wrong = '\n[[nodes]]\nname = "x[/b]\\u001b]52;c;Y\\u0007"\naddress = "x"\nroles = ["app"]\n'
    Path(memory).write_text(cluster_file("cli") + wrong)
    for words in (("status",), ("check",), ("status", "--json")):
        _, out, err = watchkeeper(tmp_path, *words, "--cluster", memory)
        assert "\x1b" not in out + err
        assert "x[/b]" in out


def test_what_it_makes_is_for_its_owner_only_and_its_memory_is_never_written_to_disk(tmp_path: Path) -> None:
    code = (
        "import os, resource, sys; os.umask(0); sys.argv = ['watchkeeper', 'plugins']\n"
        "from console.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(os.umask(0), resource.getrlimit(resource.RLIMIT_CORE), 'TEXTUAL_LOG' in os.environ)"
    )
    environment = {**os.environ, "TEXTUAL_LOG": str(tmp_path / "log"), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == f"{0o077} (0, 0) False"


def test_the_readme_names_every_action() -> None:
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text()
    for action in ACTIONS:
        assert f"| `{action.name}" in readme


def test_the_schema_is_json_and_plugins_are_listed(tmp_path: Path) -> None:
    assert "ClusterTable" in json.dumps(json.loads(watchkeeper(tmp_path, "config", "schema")[1]))
    plugins = json.loads(watchkeeper(tmp_path, "plugins", "--json")[1])
    assert plugins["haproxy"]["from"] == "bundled"
    assert "servers join and leave" in plugins["haproxy"]["provides"]["balancer"]
    assert "step down" in plugins["mongodb"]["provides"]["replica_set"]
    assert not [name for name, told in plugins.items() if told["problem"]]


def test_advise_tells_headroom_and_advice_as_words_and_as_a_document(tmp_path: Path, memory: str) -> None:
    code, out, err = watchkeeper(tmp_path, "advise", "--cluster", memory, "--for", "6")
    assert code == 0
    assert "watching cli for 6 s" in err
    assert "application servers serving" in out
    assert "No traffic was seen" in out
    code, out, _ = watchkeeper(tmp_path, "advise", "--cluster", memory, "--for", "0", "--json")
    document = json.loads(out)
    assert (code, document["cluster"], document["watched_s"]) == (0, "cli", 0.0)
    assert document["peak"] == {"requests_s": None, "sessions": None}
    assert document["headroom"][0] == {
        "what": "application servers serving",
        "now": "3",
        "one_less": "2",
        "holds": True,
    }
    assert document["advice"][-1]["says"] == "No peak was seen yet: whether this is enough is not known."


def test_users_are_a_number_above_0(tmp_path: Path, memory: str) -> None:
    code, out, err = watchkeeper(tmp_path, "advise", "--cluster", memory, "--users", "none")
    assert (code, out) == (2, "")
    assert "--users" in err


def killed_run(tmp_path: Path, memory: str) -> str:
    """The id of a drain that was killed -9 after its first words."""
    environment = {**os.environ, "WATCHKEEPER_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}
    words = ("run", "drain", "app2", "--reason", "kernel", "--yes", "--json", "--cluster", memory)
    run = subprocess.Popen(
        [sys.executable, "-m", "console", *words], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert run.stdout
    first = json.loads(run.stdout.readline())
    run.kill()
    run.communicate(timeout=10)
    return str(first["run"])


@pytest.mark.parametrize("way", ["resume", "undo"])
def test_a_killed_run_is_told_at_the_next_start_and_goes_on_or_back(tmp_path: Path, memory: str, way: str) -> None:
    run = killed_run(tmp_path, memory)
    code, out, _ = watchkeeper(tmp_path, "journal", "unfinished")
    assert (code, f"run {run}: drain app2" in out) == (0, True)
    code, out, err = watchkeeper(tmp_path, "run", "ready", "app2", "--reason", "x", "--yes", "--cluster", memory)
    assert code == 3
    assert f"unfinished: run {run}: drain app2" in err
    assert f"`watchkeeper journal resume {run}` goes on" in out
    code, _, err = watchkeeper(tmp_path, "journal", way, run, "--reason", "x", "--cluster", memory)
    assert (code, "nothing was confirmed" in err) == (2, True)
    code, out, err = watchkeeper(tmp_path, "journal", way, run, "--reason", "x", "--yes", "--json", "--cluster", memory)
    assert code == 0, out + err
    events = [json.loads(line) for line in out.splitlines()]
    assert "drain app2 on every balancer: not applied: " in events[0]["says"]
    assert events[-1]["kind"] == "done"
    assert watchkeeper(tmp_path, "journal", "unfinished")[1] == ""
    assert watchkeeper(tmp_path, "journal", "verify")[0] == 0


def test_a_killed_run_can_be_marked_as_done_with_a_reason(tmp_path: Path, memory: str) -> None:
    run = killed_run(tmp_path, memory)
    code, out, err = watchkeeper(tmp_path, "journal", "close", run, "--reason", "looked at", "--cluster", memory)
    assert code == 0, err
    assert "step 1: drain app2 on every balancer: not applied: " in out
    assert watchkeeper(tmp_path, "journal", "unfinished")[1] == ""
    assert "looked at" in watchkeeper(tmp_path, "journal", "show")[1]


def test_a_run_that_nobody_knows_is_exit_code_2(tmp_path: Path, memory: str) -> None:
    for verb in ("resume", "undo"):
        words = ("journal", verb, "ffff", "--reason", "x", "--yes", "--cluster", memory)
        code, _, err = watchkeeper(tmp_path, *words)
        assert (code, "no run 'ffff' on cli" in err) == (2, True)


def test_a_time_that_is_none_is_exit_code_2(tmp_path: Path, memory: str) -> None:
    words = ("run", "drain", "app2", "--reason", "x", "--yes", "--until", "soon", "--cluster", memory)
    code, _, err = watchkeeper(tmp_path, *words)
    assert (code, "--until: expected a time" in err) == (2, True)


@pytest.mark.parametrize("words", [("--persist",), ("--persist", "yes"), ("--persist=yes",)])
def test_persist_alone_says_yes(tmp_path: Path, memory: str, words: tuple[str, ...]) -> None:
    code, out, err = watchkeeper(tmp_path, "plan", "maint", "app2", "--cluster", memory, "--json", *words)
    assert code == 0, err
    assert "write app2 into the balancers' configurations" in [step["does"] for step in json.loads(out)["steps"]]


def test_a_plan_that_is_not_asked_to_persist_does_not_write(tmp_path: Path, memory: str) -> None:
    code, out, _ = watchkeeper(tmp_path, "plan", "maint", "app2", "--cluster", memory, "--json", "--persist", "no")
    assert code == 0
    assert not [step for step in json.loads(out)["steps"] if "configurations" in step["does"]]
