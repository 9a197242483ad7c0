"""haproxy.cfg as text: the lines of servers that are read, and a file in which only they change."""

import pytest

from console.cluster.snapshot import WrittenLine
from console.ports.protocols import LineChange, Refused
from plugins.haproxy.lines import edited, read_lines

CONFIG = """\
# server ghost 10.9.9.9:80
global
    log stdout local0
defaults
    default-server inter 1s
frontend front
    default_backend app
backend app
\t# server old 10.0.0.9:80
\tserver app1 10.0.0.1:80 check weight 100 # rack a
\tserver app2 10.0.0.2:80 check disabled

\thttp-request set-header X "server app9 10.0.0.9:80"
backend web
    server 'app1' 10.0.0.1:81
"""


def line(text: str, server: str = "app1", backend: str = "app") -> WrittenLine:
    [found] = [one for one in read_lines(text)[backend].written if one.server == server]
    return found


def change(before: str | None, after: str | None, server: str = "app1", backend: str = "app") -> LineChange:
    return LineChange(backend, server, before, after)


def test_only_server_lines_of_a_backend_are_read_and_as_they_are_written() -> None:
    found = read_lines(CONFIG)
    assert {name: [one.line for one in lines.written] for name, lines in found.items()} == {
        "app": ["server app1 10.0.0.1:80 check weight 100 # rack a", "server app2 10.0.0.2:80 check disabled"],
        "web": ["server 'app1' 10.0.0.1:81"],
    }
    assert [one.server for one in found["web"].written] == ["app1"], "as HAProxy calls it"
    assert {lines.refuses for lines in found.values()} == {""}


def test_what_a_line_would_read_in_another_state_stands_before_its_comment() -> None:
    app1, app2 = line(CONFIG), line(CONFIG, "app2")
    assert app1.ready == app1.line
    assert app1.maint == "server app1 10.0.0.1:80 check weight 100 disabled # rack a"
    assert app1.weighed == "server app1 10.0.0.1:80 check weight {weight} # rack a"
    assert (app2.ready, app2.maint) == ("server app2 10.0.0.2:80 check", app2.line)
    assert app2.weighed == "server app2 10.0.0.2:80 check disabled weight {weight}"


def test_a_line_is_replaced_and_all_else_stays_to_the_byte() -> None:
    app1 = line(CONFIG)
    assert edited(CONFIG, [change(app1.line, app1.maint)]) == CONFIG.replace(app1.line, app1.maint)


def test_a_new_line_stands_behind_the_last_server_and_is_indented_like_it() -> None:
    new = "server app3 10.0.0.3:80 check weight 100"
    after = edited(CONFIG, [change(None, new, "app3")])
    assert after == CONFIG.replace("check disabled\n", f"check disabled\n\t{new}\n")
    assert edited(after, [change(new, None, "app3")]) == CONFIG


def test_the_first_server_of_a_backend_stands_at_its_end() -> None:
    text = "backend app\n    balance roundrobin\n\n# the other\nbackend web\n    server a 10.0.0.1:80\n"
    after = edited(text, [change(None, "server app1 10.0.0.1:80")])
    assert after.startswith("backend app\n    balance roundrobin\n    server app1 10.0.0.1:80\n\n# the other\n")


def test_carriage_returns_and_a_missing_last_newline_are_kept() -> None:
    text = "backend app\r\n  server app1 10.0.0.1:80 # ü\r\n  server app2 10.0.0.2:80"
    new = "server app3 10.0.0.3:80"
    assert edited(text, [change(None, new, "app3")]) == f"{text}\n  {new}\n"
    after = edited(text, [change("server app1 10.0.0.1:80 # ü", "server app1 10.0.0.1:80 disabled # ü")])
    assert after == text.replace("80 # ü", "80 disabled # ü")
    assert edited(text, [change("server app1 10.0.0.1:80 # ü", None)]) == ("backend app\r\n  server app2 10.0.0.2:80")


def test_a_change_that_is_there_already_is_none() -> None:
    app1 = line(CONFIG)
    assert edited(CONFIG, [change("what was", app1.line)]) == CONFIG
    assert edited(CONFIG, [change("what was", None, "app7")]) == CONFIG


@pytest.mark.parametrize("before", [None, "server app1 10.0.0.1:80 check weight 50"])
def test_a_line_that_another_wrote_meanwhile_is_told_and_left(before: str | None) -> None:
    with pytest.raises(Refused, match=r"was changed meanwhile: it reads server app1 .* weight 100 # rack a, not"):
        edited(CONFIG, [change(before, None)])


@pytest.mark.parametrize("line", ["server app7 10.0.0.1:80", "bind *:80", "server app1 10.0.0.1:80\n  bind *:80", ""])
def test_what_is_not_a_line_for_that_server_is_not_written(line: str) -> None:
    with pytest.raises(Refused, match="not a line for server app1"):
        edited(CONFIG, [change("server app1 10.0.0.1:80 check weight 100 # rack a", line)])


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("server-template app 3 10.0.0.1:80\n", "server-template"),
        ("server a 10.0.0.1:80\nserver a 10.0.0.2:80\n", "server a stands twice"),
        (".if defined(X)\nserver a 10.0.0.1:80\n.endif\n", "`.if`"),
        (f"server a 10.0.0.1:80 ca-file /{'x' * 200}\n", "too long, or holds a tab"),
        ("server a 10.0.0.1:80\tcheck\n", "too long, or holds a tab"),
    ],
)
def test_what_cannot_be_written_line_by_line_is_refused_beforehand(section: str, why: str) -> None:
    found = read_lines(f"backend app\n{section}")["app"]
    assert why in found.refuses
    assert found.written == ()


def test_a_backend_that_is_not_there_is_told() -> None:
    with pytest.raises(Refused, match="there is no backend nothing"):
        edited(CONFIG, [change(None, "server app1 10.0.0.1:80", backend="nothing")])


def test_lines_of_several_backends_change_in_one_go() -> None:
    text = "backend a\n server x 10.0.0.1:80\nlisten b\n server x 10.0.0.1:81 weight 5\n"
    changes = [
        change("server x 10.0.0.1:80", None, "x", "a"),
        change("server x 10.0.0.1:81 weight 5", "server x 10.0.0.1:81 weight 7", "x", "b"),
    ]
    assert edited(text, changes) == "backend a\nlisten b\n server x 10.0.0.1:81 weight 7\n"
