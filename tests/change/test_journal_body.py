"""What a record carries: any value, no secret, no more than can be kept, and the true name of who wrote it."""

import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.change.journal import FILE, Journal, export, verify
from console.change.journal.body import BODY_LIMIT_BYTES
from console.change.journal.record import writer


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path, "prod")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (2**53 - 1, 2**53 - 1),
        (2**53, str(2**53)),
        (-(2**70), str(-(2**70))),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (True, True),
        (None, None),
        (Path("/srv"), "/srv"),
        (b"\xffok", "\\xffok"),
        ("\udce9", "\\udce9"),
        ((1, {"a": {2}}), [1, {"a": [2]}]),
        ({1: "x"}, {"1": "x"}),
    ],
)
def test_any_value_can_stand_in_a_detail(journal: Journal, value: object, kept: object) -> None:
    journal.append_now("step.result", run="a", detail={"value": value})
    [record] = journal.records()
    assert record.detail["value"] == kept
    assert verify(journal._folder / FILE).ok


def texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [text for item in value for text in texts(item)]


@pytest.mark.parametrize(
    "detail",
    [
        {"answer": "x" * 200_000},
        {str(number): "y" * 4000 for number in range(200)},
        {"lines": ["z" * 1000 for _ in range(500)]},
        {"k" * 1000 + str(number): number for number in range(500)},
        {"answer": "\u0001" * 60_000},
    ],
    ids=["one text", "many texts", "many items", "many names", "a text that grows when it is encoded"],
)
def test_no_record_is_larger_than_its_limit_and_what_was_cut_is_told(journal: Journal, detail: dict[str, Any]) -> None:
    journal.append_now("step.result", run="a", target="app2", detail=detail)
    [line] = export(journal._folder / FILE)
    [record] = journal.records()
    assert len(line.encode()) < BODY_LIMIT_BYTES + 200
    assert (record.run, record.target) == ("a", "app2")
    assert "sha256 " in json.dumps(dict(record.detail))


def test_a_long_list_tells_how_long_it_was(journal: Journal) -> None:
    lines = journal.append_now("step.result", run="a", detail={"lines": ["z" * 300] * 500}).detail["lines"]
    assert lines[:100] == ["z" * 300] * 100
    assert lines[100].startswith("… (500 items, sha256 ")


def test_a_record_at_the_limit_is_kept_whole(journal: Journal) -> None:
    answer = "x" * (BODY_LIMIT_BYTES - 2000)
    assert journal.append_now("step.result", run="a", detail={"answer": answer}).detail["answer"] == answer


def test_no_secret_stands_anywhere_in_the_file(journal: Journal) -> None:
    for secret in ("hush", "hush-hush"):
        journal.redact(secret)
    detail = {"hush-hush": ["a hush-hush", {"b": ("hush",)}], "path": Path("/x/hush")}
    journal.append_now("step.intent", run="hush", target="hush", reason="hush-hush!", detail=detail)
    [record] = journal.records()
    assert record.reason == "***!"
    assert record.detail == {"***": ["a ***", {"b": ["***"]}], "path": "/x/***"}
    assert b"hush" not in (journal._folder / FILE).read_bytes()


def test_a_secret_that_looks_like_a_kind_does_not_hide_an_intent(journal: Journal) -> None:
    journal.redact("intent")
    assert journal.append_now("step.intent", run="a", reason="intent").kind == "step.intent"


def test_an_empty_secret_changes_nothing(journal: Journal) -> None:
    journal.redact("")
    assert journal.append_now("step.intent", run="a", reason="why").reason == "why"


def test_the_environment_cannot_forge_who_wrote(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "mallory")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22")
    monkeypatch.setenv("SUDO_USER", "anna")
    writer.cache_clear()
    try:
        record = journal.append_now("session.opened")
    finally:
        writer.cache_clear()
    assert record.who == pwd.getpwuid(os.getuid()).pw_name
    assert (record.body["source.ip"], record.body["user.sudo"]) == ("192.0.2.7", "anna")
