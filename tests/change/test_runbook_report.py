"""The report of a run: made from the journal alone, the same every time, and nothing in it can break out of it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from console.change.runbook.asking import Answer
from console.change.runbook.evidence import Evidence
from console.change.runbook.reading import evidence
from console.change.runbook.report import markdown
from console.cli.runbook_screens import as_page, drawn
from tests.change.memory_session import memory_session
from tests.change.runbook_operator import Says, begun, followed
from tests.change.runbook_records import Told

TEXT = """
title = "Out and over"
purpose = "a test"

[[stages]]
name = "all is well"
check = "every app server serves"

[[stages]]
name = "in turn"
each = "each app server"

  [[stages.stages]]
  name = "out"
  action = "drain"
  on = "{target}"

[[stages]]
name = "hand over"
action = "step-down"
on = "primary"
"""
NASTY = [
    "<script>alert(1)</script>",
    "</svg></figure><img src=x onerror=alert(1)>",
    "]]>--><!-- <![CDATA[",
    "a | b \\| c \\",
    "# no heading\n\n- no item\r\n\u2028> no quote",
    "[a](javascript:alert(1)) ![b](http://example.com/b.png) <http://example.com>",
    "`code` ~~~ **bold** _it_ $x$ &lt;&#60;",
    "{{ 7 * 7 }} {% raw %} {0} {unique_id} {",
    "\x1b]52;c;aGk=\x07\x1b[31m\u202e\u200b\x00",
    '"quoted" \'twice\' onload="x"',
]


def seen(requests: int = 0, errors: int = 0, *, process: int = 7, leads: str = "db1", term: int = 4) -> dict[str, Any]:
    """A picture, as seen.py makes it."""
    return {
        "servers": {"app1": "serves", "app2": "drain, up", "app3": "up, unknown"},
        "members": {"db1": "PRIMARY", "db2": "SECONDARY", "db3": "DOWN"},
        "balancers": {"lb1": "answers"},
        "primary": leads,
        "term": term,
        "gap_s": 0.23 if term > 4 else None,
        "pools": {"app1": {"lb1": "ready up"}, "app2": {"lb1": "drain up"}},
        "lag_s": {"db1": 0.0, "db2": 1.0, "db3": None},
        "counters": {"lb1": {"process": process, "entries": {"app/app1": [requests, errors]}}},
    }


def drain(told: Told, run: str, target: str) -> Told:
    """What the engine writes of one."""
    about = {"action": "drain", "target": target, "plan_hash": "0123456789abcdef"}
    check = {"says": "another server serves", "ok": True, "value": "2 others", "limit": "at least 1", "warns": False}
    plan = {"title": f"Drain {target}", "impact": "2 of 3 keep serving", "plan": {"checks": [check]}}
    told.tell("plan.confirmed", run, detail=plan, **about)
    told.runbook("r1", "started", stage=f"2/{target}/1", target=target, run=run).after(0.1)
    told.tell("step.intent", run, {"does": f"drain {target}", "command": "lb1: set\nlb2: set"}, step=1, **about).after(
        1
    )
    told.tell("step.verified", run, {"seen": f"{target} is drain"}, step=1, outcome="success", **about)
    return told.tell("plan.finished", run, {"says": f"Drain {target}: done"}, outcome="done", **about)


def one_run() -> Told:
    """Two servers drained, a Primary handed over, with a problem on the way."""
    told = Told().begin("r1", "turns", TEXT, "the kernel", ticket=7).after(1)
    told.runbook("r1", "reached", stage="1", seen=seen(100)).after(0.1)
    says = "every application server serves: 3 of 3"
    told.runbook("r1", "ended", stage="1", outcome="done", says=says, seen=seen(100)).after(1)
    told.runbook("r1", "reached", stage="2/app1/1", seen=seen(100)).after(1)
    drain(told, "c1", "app1").runbook("r1", "ended", stage="2/app1/1", outcome="done", seen=seen(150, 2)).after(1)
    told.runbook("r1", "paused", stage="2/app2/1").after(60).runbook("r1", "continued", stage="2/app2/1")
    told.runbook("r1", "problem", stage="2/app2/1", says="db3 was: SECONDARY, is: DOWN", seen=seen(160, 2)).after(5)
    told.runbook("r1", "answered", stage="2/app2/1", way="go on", reason="db3 is known")
    told.runbook("r1", "reached", stage="2/app2/1", seen=seen(170, 2)).after(1)
    drain(told, "c2", "app2").runbook("r1", "ended", stage="2/app2/1", outcome="done", seen=seen(200, 2)).after(1)
    told.runbook("r1", "reached", stage="3", seen=seen(200, 2)).runbook("r1", "asked", stage="3", says="step down db1")
    told.after(30).runbook("r1", "approved", stage="3", by="bob@bastion2")
    told.runbook("r1", "ended", stage="3", outcome="done", seen=seen(240, 2, leads="db2", term=5))
    return told.runbook("r1", "finished", outcome="done", says="", seen=seen(240, 2, leads="db2", term=5))


def found(told: Told) -> Evidence:
    return evidence(told.records, "r1")


def section(text: str, heading: str) -> str:
    """What stands under a heading."""
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_it_says_who_and_why_and_every_step_with_its_check_values_and_its_record() -> None:
    told = one_run()
    text = markdown(found(told))
    assert "- who and why: ann@bastion1: the kernel" in text
    assert "- parameters: ticket = 7" in text
    assert "- outcome: **done**" in text
    assert "done after 0.1 s: every application server serves: 3 of 3" in section(text, "1 all is well")
    drained = section(text, "2/app1/1 out: app1")
    assert "- ok: another server serves: 2 others (must be at least 1)" in drained
    assert "step.intent: drain app1: lb1: set; lb2: set" in drained
    [verified] = [record for record in told.records if record.kind == "step.verified" and record.run == "c1"]
    assert f"step.verified: app1 is drain | {verified.seq} `{verified.hash[:12]}` |" in drained
    assert f"- from record 1, hash `{told.records[0].hash}`" in text
    assert f"- to record {len(told.records)}, hash `{told.records[-1].hash}`" in text


def test_pauses_problems_answers_and_approvals_are_told_where_they_were() -> None:
    text = markdown(found(one_run()))
    second = section(text, "2/app2/1 out: app2")
    for words in ("paused", "carried on", "problem: db3 was: SECONDARY, is: DOWN", "answer: go on: db3 is known"):
        assert words in second
    assert "agreed: bob@bastion2" in section(text, "3 hand over")


def test_failed_requests_are_counted_for_each_change_and_for_the_whole() -> None:
    text = markdown(found(one_run()))
    assert "- requests: 2 of 140 requests failed" in text
    assert "2 of 50 requests failed" in section(text, "2/app1/1 out: app1")
    assert "0 of 30 requests failed" in section(text, "2/app2/1 out: app2")


def test_the_time_without_a_primary_is_told_with_who_leads_since() -> None:
    text = markdown(found(one_run()))
    assert "- writes: one handover of the Primary; nobody led for 230 ms" in text
    assert "db2 leads in term 5, after db1; no Primary for 230 ms" in section(text, "3 hand over")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (seen(100), seen(20), "not counted: lb1 counts app/app1 from the beginning again"),
        (seen(100), seen(150, process=8), "not counted: lb1 was started again"),
        (seen(100), seen(150) | {"counters": {"lb1": {"entries": None}}}, "not counted: lb1 did not answer"),
        (seen(100), seen(150) | {"counters": None}, "not counted: what the balancers counted was not written down"),
        (
            seen(100),
            seen(150) | {"counters": {"lb1": {"process": 7, "entries": {"app/app1": [None, None]}}}},
            "not counted: lb1 does not count",
        ),
        (
            seen(100),
            seen(150) | {"counters": {"lb1": {"process": 7, "entries": {}}}},
            "not counted: app/app1 left lb1",
        ),
        (seen(100), seen(100), "no request came"),
    ],
)
def test_what_nobody_counted_is_told_as_not_counted_and_never_as_none(
    before: dict[str, Any], after: dict[str, Any], says: str
) -> None:
    told = Told().begin("r1", "turns", TEXT).runbook("r1", "reached", stage="1", seen=before)
    told.runbook("r1", "ended", stage="1", outcome="done", seen=after)
    assert f"- requests: {says}\n" in markdown(found(told))


def test_a_handover_whose_gap_was_not_seen_is_not_told_as_none() -> None:
    told = Told().begin("r1", "turns", TEXT).runbook("r1", "reached", stage="3", seen=seen())
    told.runbook("r1", "ended", stage="3", outcome="done", seen=seen(leads="db2", term=5) | {"gap_s": None})
    text = markdown(found(told))
    assert "one handover of the Primary; how long nobody led was not measured" in text
    assert "no Primary for an unknown time" in text


def test_a_run_that_was_killed_and_gone_on_with_by_another_operator_says_so() -> None:
    told = Told().begin("r1", "turns", TEXT).runbook("r1", "reached", stage="2/app1/1", seen=seen())
    about: dict[str, Any] = {"action": "drain", "target": "app1"}
    told.tell("plan.confirmed", "c1", **about).runbook("r1", "started", stage="2/app1/1", target="app1", run="c1")
    told.after(600).tell("runbook.resumed", detail={"runbook_run": "r1"}, who="bob", body={"user.sudo": "bob.b"})
    told.runbook("r1", "reached", stage="2/app1/1", seen=seen()).tell("plan.resumed", "c1", **about)
    told.runbook("r1", "started", stage="2/app1/1", target="app1", run="c1")
    told.tell("plan.finished", "c1", {"says": "Drain app1: done"}, **about)
    told.runbook("r1", "ended", stage="2/app1/1", outcome="done", seen=seen())
    text = markdown(found(told))
    first, second, third = (part.split("\n## ")[0] for part in text.split("\n## ")[1:4])
    assert "not ended" in first
    assert "gone on with by bob@bastion1 (by sudo from bob.b)" in second
    assert "plan.finished: Drain app1: done" in third
    assert "plan.confirmed" not in third, "what came before the kill stands where it was"
    assert "- outcome: **not finished**" in text


def test_the_way_back_of_a_run_is_told_as_what_it_undoes() -> None:
    told = Told().begin("r1", "turns", TEXT).stage("r1", "2/app1/1", 1)
    told.runbook("r1", "unwinding", says="asked for by ann").stage("r1", "back/2/app1/1/app1", 1)
    told.runbook("r1", "finished", outcome="unwound")
    text = markdown(found(told))
    assert "unwinds: what was done is undone, the newest first: asked for by ann" in text
    assert "## back/2/app1/1/app1 undo of out: app1" in text


def test_a_runbook_that_this_version_cannot_read_any_more_is_told_by_its_keys() -> None:
    was = TEXT.replace('"step-down"', '"step-down-of-old"')
    told = Told().begin("r1", "turns", was, "the kernel").stage("r1", "2/app1/1", 1)
    text = markdown(found(told))
    assert text.startswith("# turns\n")
    assert "## 2/app1/1\n\ndone after 1.0 s" in text
    assert "- who and why: ann@bastion1: the kernel" in text


def test_records_that_are_not_as_they_were_written_are_named() -> None:
    told = one_run()
    object.__setattr__(told.records[3], "corrupt", "its bytes do not match its hash")
    assert "- records 4 are NOT as they were written; `watchkeeper journal verify`" in markdown(found(told))


def test_the_moments_are_before_each_change_each_problem_and_the_end() -> None:
    moments = found(one_run()).moments
    assert [(moment.file, moment.title) for moment in moments] == [
        ("r1-01-before.svg", "before the first stage"),
        ("r1-02-after-2-app1-1.svg", "after 2/app1/1 out: app1: done"),
        ("r1-03-problem-2-app2-1.svg", "problem at 2/app2/1 out: app2: db3 was: SECONDARY, is: DOWN"),
        ("r1-04-after-2-app2-1.svg", "after 2/app2/1 out: app2: done"),
        ("r1-05-end.svg", "the end: done"),
    ]


def test_the_same_records_give_the_same_bytes_whatever_the_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_of_it() -> tuple[str, str, list[str]]:
        one = found(one_run())
        return markdown(one), as_page(one), [drawn(moment, one, "m") for moment in one.moments]

    first = all_of_it()
    for name, value in {"NO_COLOR": "1", "COLUMNS": "20", "TERM": "dumb", "TZ": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, value)
    assert all_of_it() == first


def test_a_screen_says_in_a_word_what_it_says_in_a_colour() -> None:
    one = found(one_run())
    words = "".join(ElementTree.fromstring(drawn(one.moments[0], one, "m")).itertext()).replace("\xa0", " ")
    for said in (
        "● serves",
        "▲ drain, up",
        "? up, unknown",
        "◆ PRIMARY",
        "■ DOWN",
        "db1 leads, term 4",
        "1 of 3",
    ):
        assert said in words


def test_html_and_screens_ask_nobody_for_anything_and_run_nothing() -> None:
    page = as_page(found(one_run()))
    assert "default-src 'none'" in page
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"url\((?!#)", page)
    assert not re.search(r"<(script|link|iframe|object|embed|img|a|form)\b|\bon\w+=", page)


def with_text(text: str) -> Told:
    """A run in which it stands wherever a text of somebody else's may stand."""
    title = quoted(text)
    runbook = f"title = {title}\npurpose = {title}\n[[stages]]\nname = {title}\nquestion = 'yes?'\n"
    told = Told(text).begin("r1", text, runbook, text, **{text: text})
    picture = {
        "servers": {text: text},
        "members": {text: text},
        "balancers": {text: text},
        "primary": text,
        "pools": {text: {text: text}},
    }
    told.runbook("r1", "reached", stage="1", seen=picture)
    told.runbook("r1", "started", stage="1", target=text, run="c1")
    plan = {"title": text, "impact": text, "plan": {"checks": [{"says": text, "value": text, "limit": text}]}}
    told.tell("plan.confirmed", "c1", plan, action=text, target=text, plan_hash=text)
    told.tell("step.intent", "c1", {"does": text, "command": text}, step=1, who=text)
    told.runbook("r1", "problem", stage="1", says=text, seen=picture)
    told.runbook("r1", "answered", stage="1", way=text, reason=text)
    told.runbook("r1", "ended", stage="1", outcome=text, says=text, seen=picture)
    return told.runbook("r1", "finished", outcome=text, says=text, seen=picture)


def quoted(text: str) -> str:
    """As a string of TOML."""
    return '"' + "".join(c if c.isalnum() or c == " " else f"\\U{ord(c):08x}" for c in text) + '"'


class Tags(HTMLParser):
    """Every tag with the names of its attributes, and all that is text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attributes)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment",))


@pytest.mark.parametrize("text", NASTY)
def test_no_name_and_no_reason_can_be_anything_but_text_in_html(text: str) -> None:
    plain, nasty = (found(with_text(words)) for words in ("harmless words", text))
    page = Tags(as_page(nasty))
    outside_svg = [tag for tag in page.tags if tag[0] not in ("text", "rect", "clippath", "g", "circle")]
    assert outside_svg == [
        tag for tag in Tags(as_page(plain)).tags if tag[0] not in ("text", "rect", "clippath", "g", "circle")
    ]
    assert any(nasty.reason in words for words in page.words), "and it is there, as it was written"


@pytest.mark.parametrize("text", NASTY)
def test_no_name_and_no_reason_can_be_anything_but_text_in_a_screen(text: str) -> None:
    one = found(with_text(text))
    for moment in one.moments:
        root = ElementTree.fromstring(drawn(moment, one, "m"))
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "style", "defs", "clipPath", "rect", "g", "text", "circle"}
        assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


@pytest.mark.parametrize("text", NASTY)
def test_no_name_and_no_reason_can_be_anything_but_text_in_markdown(text: str) -> None:
    def shape(words: str) -> Iterator[tuple[str, str]]:
        for token in MarkdownIt("gfm-like", {"linkify": False}).parse(markdown(found(with_text(words)))):
            yield token.type, token.tag
            yield from ((child.type, child.tag) for child in token.children or ())

    assert list(shape(text)) == list(shape("harmless words"))


async def test_a_run_on_a_cluster_counts_what_failed_meanwhile(tmp_path: Path) -> None:
    async with memory_session(tmp_path) as (session, world):
        run = await begun(session, Says(solved=lambda asks: Answer(way="stop")), TEXT)
        await followed(run, lambda _, moment: world.serve("app1", 10, 1) if moment.kind == "plan" else None)
        assert session.journal
        one = evidence(list(session.journal.records()), run.progress.id)
    assert one.counted.requests
    assert one.counted.failed
    assert not one.counted.gaps
    assert one.moments[0].title == "before the first stage"
    assert [change.title for passage in one.passages for change in passage.changes][:1] == ["Drain app1"]
