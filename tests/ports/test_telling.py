"""Raw documents and logs of a node: what is in the way is said, what is secret is hidden, and both are bounded."""

import asyncio
from pathlib import Path

import pytest

from console.ports import logs, raw
from console.ports.clusterfile import ClusterFile
from console.ports.error import OperatorError
from console.ports.plugins import Plugins, bundled
from console.ports.protocols import RawDocument, ShellError
from console.ports.raw import bounded, hidden, without
from console.ports.reach import Reach
from plugins.memory import cluster_file


@pytest.fixture
def file() -> ClusterFile:
    return ClusterFile.decode(cluster_file("telling"), Path("memory.toml"), Plugins((bundled("plugins"),)))


async def test_of_a_node_everything_is_read_and_of_a_tier_only_that(file: ClusterFile) -> None:
    reach = Reach.of(file)
    titles = [one.title.split()[0] for one in (await raw.read(reach, file.layout, "db1")).documents]
    assert titles == ["MemberView", "HostView"]
    [only] = (await raw.read(reach, file.layout, "db1", tier="node")).documents
    assert only.title.startswith("HostView")


async def test_a_name_that_is_nowhere_is_told_with_the_nearest(file: ClusterFile) -> None:
    with pytest.raises(OperatorError, match="there is no 'dbl'; did you mean 'db"):
        await raw.read(Reach.of(file), file.layout, "dbl")


class Breaks:
    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        raise RuntimeError("broken plugin")


class Hangs:
    async def raw(self, node: str) -> tuple[RawDocument, ...]:
        await asyncio.Event().wait()
        return ()


@pytest.mark.parametrize(
    ("health", "problem"),
    [
        (None, "the cluster file gives nothing that reads it"),
        (object(), "its plugin tells no raw documents"),
        (Breaks(), "its plugin failed: RuntimeError: broken plugin"),
        (Hangs(), "no answer within 0.05 s"),
    ],
)
async def test_what_is_in_the_way_is_said_and_the_others_are_read(
    file: ClusterFile, health: object, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "DEADLINE_S", 0.05)
    reach = Reach.of(file)
    object.__setattr__(reach, "health", health)
    first, host = (await raw.read(reach, file.layout, "app1")).documents
    assert first.problem == problem
    assert host.text


def test_a_secret_and_a_value_that_is_named_like_one_are_hidden() -> None:
    text = (
        '{"token": "s3cr3t", "tokens_left": 4, "password":"x y"}\nSet-Cookie: id=1; path=/\nAuthorization: Bearer abc\n'
    )
    found = hidden(RawDocument(title="t s3cr3t", text=text + "plain s3cr3t", problem="at s3cr3t"), ["s3cr3t", ""])
    assert found.title == "t ***"
    assert found.problem == "at ***"
    for secret in ("s3cr3t", "x y", "id=1", "abc"):
        assert secret not in found.text
    assert '"tokens_left": 4' in found.text


def test_a_text_made_to_be_slow_to_search_holds_up_nobody() -> None:
    slow = "a-" * 32 * 1024  # by a pattern that begins anew at every dash: some minutes, which the timeout ends
    assert hidden(RawDocument(title="t", text=slow + " my-token: x"), ()).text == slow + " my-token: ***"


def test_the_longest_of_two_secrets_is_hidden_where_one_is_a_part_of_the_other() -> None:
    assert without(["abc", "abcdef"], "abcdef abc") == "*** ***"


def test_a_document_without_end_is_cut_and_that_is_said() -> None:
    assert bounded(RawDocument(title="t", text="a\n" * 10)).problem == ""
    long = bounded(RawDocument(title="t", text="a\n" * 100_000))
    assert len(long.text.splitlines()) == raw.LINES_LIMIT
    assert long.problem.startswith("cut after 5000 lines")
    assert len(bounded(RawDocument(title="t", text="a" * 10**7)).text) == raw.CHARACTERS_LIMIT


class Service:
    def __init__(self, text: str = "", problem: Exception | None = None) -> None:
        self.text, self.problem = text, problem

    async def log(self, lines: int) -> str:
        if self.problem:
            raise self.problem
        return self.text

    def log_command(self, lines: int) -> str:
        return f"tail -n {lines} its.log"


async def read(file: ClusterFile, service: object, lines: int = 200, hide: tuple[str, ...] = ()) -> logs.Log:
    reach = Reach.of(file)
    object.__setattr__(reach, "services", {"app1": service})
    return await logs.read(reach, "app1", lines, hide=hide)


async def test_a_log_is_its_last_lines_without_secrets(file: ClusterFile) -> None:
    found = await read(file, Service("a\nb t0k\nc"), lines=2, hide=("t0k", ""))
    assert (found.lines, found.command, found.problem) == (("b ***", "c"), "tail -n 2 its.log", "")
    many = await read(file, Service("x\n" * 5000), lines=10**6)
    assert len(many.lines) == logs.LINES_LIMIT


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        (object(), "the plugin of the service of app1 tells no log"),
        (Service(problem=ShellError("app1: no way to it")), "app1: no way to it"),
        (Service(problem=KeyError("x")), "its plugin failed: KeyError: 'x'"),
    ],
)
async def test_why_a_log_cannot_be_read_is_said(file: ClusterFile, service: object, problem: str) -> None:
    assert (await read(file, service)).problem == problem


async def test_a_node_without_a_service_names_what_to_add(file: ClusterFile) -> None:
    assert "add its `service` to the cluster file" in (await logs.read(Reach.of(file), "app4")).problem


def test_what_is_added_is_what_stands_behind_the_last_line_that_was_known() -> None:
    assert logs.added((), ("a", "b")) == (("a", "b"), True)
    assert logs.added(("a", "b"), ("a", "b")) == ((), True)
    assert logs.added(("a", "b", "c"), ("b", "c", "d")) == (("d",), True)
    assert logs.added(("a", "b"), ("x", "y")) == (("x", "y"), False)
