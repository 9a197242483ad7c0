"""nginx's configuration as text: what is read of it, and what an edit leaves as it is."""

import pytest

from console.ports.protocols import Refused
from plugins.nginx.edits import statement, with_added, with_down, with_weight, without
from plugins.nginx.upstreams import ParseError, ServerLine, Upstream, files_of, upstreams_of

MAIN = "/etc/nginx/nginx.conf"


def read(text: str, **more: str) -> dict[str, Upstream]:
    return upstreams_of({MAIN: text, **more})


def line(text: str, number: int = 0) -> ServerLine:
    return read(text)["app"].servers[number]


def test_servers_are_read_with_their_parameters() -> None:
    text = "http { upstream app { server 10.0.0.1:8080 weight=5 max_fails=2 max_conns=40; server b.example backup; } }"
    one, other = read(text)["app"].servers
    assert (one.address, one.weight, one.limit, one.options) == ("10.0.0.1:8080", 5, 40, "max_fails=2 max_conns=40")
    assert (other.address, other.weight, other.limit, other.backup) == ("b.example:80", 1, None, True)
    assert not one.down


def test_what_only_looks_like_a_server_is_none() -> None:
    text = """\
# upstream ghost { server 10.9.9.9:80; }
log_format odd 'upstream quoted { server 10.9.9.8:80; } $status';
map $x $y { default "}"; }
location / { content_by_lua_block { local t = { server = "{" .. "}" } } }
set $z ${a}b;
upstream app {
    server 10.0.0.1:80;  # server 10.9.9.7:80;
}
server { listen 80; }
"""
    assert [(name, [s.address for s in found.servers]) for name, found in read(text).items()] == [
        ("app", ["10.0.0.1:80"])
    ]


@pytest.mark.parametrize(
    ("directive", "sticky"),
    [("ip_hash;", True), ("hash $remote_addr consistent;", True), ("sticky cookie srv;", True), ("least_conn;", False)],
)
def test_what_pins_a_client_is_known(directive: str, sticky: bool) -> None:
    assert read(f"upstream app {{ {directive} server a:1; }}")["app"].sticky is sticky


def test_what_an_upstream_includes_belongs_to_it_and_is_edited_where_it_stands() -> None:
    found = upstreams_of(
        {
            MAIN: "include conf.d/*.conf;",
            "/etc/nginx/conf.d/app.conf": "upstream app { server 10.0.0.1:80; include servers/*.conf; }",
            "/etc/nginx/servers/more.conf": "server 10.0.0.2:80;\n",
            "/etc/nginx/servers/deep/other.conf": "server 10.0.0.3:80;\n",
        }
    )["app"]
    assert [(s.address, s.file) for s in found.servers] == [
        ("10.0.0.1:80", "/etc/nginx/conf.d/app.conf"),
        ("10.0.0.2:80", "/etc/nginx/servers/more.conf"),
    ]


def test_a_file_that_includes_itself_ends() -> None:
    assert read("upstream app { server a:1; include nginx.conf; }")["app"].servers


def test_a_dump_is_taken_apart_into_its_files() -> None:
    dump = f"# configuration file {MAIN}:\nevents {{}}\n\n# configuration file /etc/nginx/conf.d/a.conf:\nx;\n"
    assert list(files_of(dump)) == [MAIN, "/etc/nginx/conf.d/a.conf"]
    assert files_of(dump)["/etc/nginx/conf.d/a.conf"] == "x;\n"


def test_what_is_no_configuration_says_where() -> None:
    with pytest.raises(ParseError, match="nginx -T printed no configuration file"):
        files_of("nonsense")
    with pytest.raises(ParseError, match="a quote in line 2 has no end"):
        read("\nset $x 'a;")


@pytest.mark.parametrize(
    ("text", "down"),
    [
        ("upstream app {\n    server a:1;\n}\n", "upstream app {\n    server a:1 down;\n}\n"),
        ("upstream app{server a:1;server b:1;}", "upstream app{server a:1 down;server b:1;}"),
        ("upstream app {\r\n\tserver a:1; # one\r\n}\r\n", "upstream app {\r\n\tserver a:1 down; # one\r\n}\r\n"),
        ("upstream app { server 'a:1'\n  weight=3\n; }", "upstream app { server 'a:1'\n  weight=3\n down; }"),
    ],
)
def test_a_server_is_taken_down_and_put_back_and_all_else_stays(text: str, down: str) -> None:
    assert with_down(text, line(text), True) == down
    assert with_down(text, line(text), False) == text
    back = with_down(down, line(down), False)
    assert "".join(back.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("server a:1;", "server a:1 weight=7;"),
        ("server a:1 weight=100 max_fails=2;", "server a:1 weight=7 max_fails=2;"),
        ("server a:1 max_fails=2 down;", "server a:1 weight=7 max_fails=2 down;"),
    ],
)
def test_a_weight_is_written_where_it_stands_or_behind_the_address(before: str, after: str) -> None:
    text = f"upstream app {{ {before} server b:1 weight=100; }}"
    assert with_weight(text, line(text), 7) == text.replace(before, after)


def test_a_deleted_server_takes_its_line_with_it_and_a_comment_stays() -> None:
    text = "upstream app {\n    server a:1;\n    server b:1; # rack b\n}\n"
    assert without(text, line(text, 0)) == "upstream app {\n    server b:1; # rack b\n}\n"
    assert without(text, line(text, 1)) == "upstream app {\n    server a:1;\n     # rack b\n}\n"


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("upstream app {\n\tserver a:1;\n}\n", "upstream app {\n\tserver a:1;\n\tserver c:1 down;\n}\n"),
        ("upstream app {\r\n  server a:1;\r\n}", "upstream app {\r\n  server a:1;\r\n  server c:1 down;\r\n}"),
        ("upstream app { server a:1; }", "upstream app { server a:1; server c:1 down; }"),
    ],
)
def test_a_new_server_stands_behind_the_last_as_that_is_written(text: str, added: str) -> None:
    assert with_added(text, line(text), "server c:1 down;") == added


def test_in_an_included_file_without_a_last_newline_it_gets_a_line_of_its_own() -> None:
    included = "server a:1;"
    last = upstreams_of({MAIN: "upstream app { include x.conf; }", "/etc/nginx/x.conf": included})["app"].servers[-1]
    assert with_added(included, last, "server c:1 down;") == "server a:1;\nserver c:1 down;"


def test_a_new_server_is_in_maintenance_with_the_parameters_of_the_others() -> None:
    assert statement("10.0.0.4:80", 7, "max_fails=2") == "server 10.0.0.4:80 weight=7 max_fails=2 down;"


@pytest.mark.parametrize(
    ("address", "options"),
    [("10.0.0.4", ""), ("10.0.0.4:80; }", ""), ("a b:80", ""), ("10.0.0.4:80", "max_fails=2; }"), ("$x:80", "")],
)
def test_what_could_be_more_than_a_server_is_refused(address: str, options: str) -> None:
    with pytest.raises(Refused):
        statement(address, 1, options)
