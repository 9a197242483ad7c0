"""How a server joins an HAProxy backend at run time: with which parameters, and where it may not."""

import pytest

from console.cluster.snapshot import Backend
from console.ports.plugins import Context
from console.ports.protocols import AddsServers, Refused, SetsWeight
from plugins.haproxy import HAProxy
from plugins.haproxy.answers import Row, parse_stat, parse_states
from plugins.haproxy.config import BackendFacts, parse_config
from plugins.haproxy.joining import experimental, joined, takes_cookie
from plugins.haproxy.servers import pool_members

STAT = (
    "# pxname,svname,type,status,weight,uweight,bck,addr,cookie,algo,\n"
    "web,old,2,UP,1,1,1,10.0.0.9:80,,,\n"
    "web,app1,2,UP,30,100,0,10.0.0.1:80,app1,,\n"
    "web,app2,2,UP,50,50,0,10.0.0.2:80,app2,,\n"
    "web,app4,2,UP,10,10,0,10.0.0.4:80,app4,,\n"
    "web,BACKEND,1,UP,3,3,0,,SRV,roundrobin,\n"
)
STATES = "1\n# be_name srv_name srv_admin_state srv_check_state\n\n"
CONFIG = """\
defaults
    default-server inter 1s
backend web
    balance roundrobin
    cookie SRV insert indirect
    default-server check fall 2 weight 100
    server old 10.0.0.9:80 backup
    server app1 10.0.0.1:80 cookie app1 maxconn 50 id 7 init-addr last,libc
    server app2 10.0.0.2:80 cookie app2 weight 100
    server app3 10.0.0.3:80 cookie app3 disabled
"""
NEW = "2.8.25-5cf5d06"


def rows(stat: str = STAT) -> list[Row]:
    return parse_stat(stat)


def web(config: str = CONFIG, version: str = NEW, stat: str = STAT) -> Backend:
    return joined("web", rows(stat), parse_config(config), version)


def balancing(algorithm: str, config: str = CONFIG, version: str = NEW) -> Backend:
    return web(config, version, STAT.replace("roundrobin", algorithm))


def haproxy() -> HAProxy:
    return HAProxy(HAProxy.Settings(socket="unix:///s"), Context(name="lb1"))


def test_a_new_server_is_given_what_the_others_have_because_default_server_does_not_hold_for_it() -> None:
    assert web().options_of("app4") == "inter 1s check fall 2 maxconn 50 cookie app4"


def test_what_is_one_servers_own_or_only_for_the_configuration_is_not_taken_over() -> None:
    for word in ("id", "weight", "backup", "init-addr", "disabled"):
        assert word not in web().options.split()


def test_the_line_for_the_configuration_leaves_the_defaults_to_it() -> None:
    line = web().line_of("app4", "10.0.0.4:80", 100)
    assert line == "server app4 10.0.0.4:80 maxconn 50 cookie app4 weight 100"


def test_servers_that_only_the_configuration_has_are_missing() -> None:
    assert web().missing == ("app3",)


def test_a_server_is_dynamic_when_the_configuration_does_not_have_it() -> None:
    found = {m.server: m for m in pool_members("lb1", rows(), parse_states(STATES), parse_config(CONFIG), NEW)}
    assert {name: member.dynamic for name, member in found.items()} == {
        "old": False,
        "app1": False,
        "app2": False,
        "app4": True,
    }
    assert {name: (m.weight, m.written_weight) for name, m in found.items()} == {
        "old": (1, 100),
        "app1": (100, 100),
        "app2": (50, 100),
        "app4": (10, None),
    }


def test_a_server_that_stands_there_tells_with_what_it_would_come_back() -> None:
    found = {m.server: m for m in pool_members("lb1", rows(), parse_states(STATES), parse_config(CONFIG), NEW)}
    assert found["app1"].options == "inter 1s check fall 2 maxconn 50 cookie app1"
    assert found["old"].options == "inter 1s check fall 2 backup"
    assert found["app4"].options == "inter 1s check fall 2 maxconn 50 cookie app4", "as the first one written"


def test_where_the_configuration_cannot_be_read_that_is_said_and_nothing_is_claimed() -> None:
    backend = web(config="")
    assert backend.options_of("app4") == "check inter 2s fall 3 rise 2 cookie app4"
    assert backend.notes == ("haproxy.cfg cannot be read: its parameters are check inter 2s fall 3 rise 2.",)
    [member, *_] = pool_members("lb1", rows(), parse_states(STATES), {}, NEW)
    assert (member.dynamic, member.written_weight) == (None, None)


def test_a_backend_without_checks_gives_one_to_a_server_that_joins_and_says_so() -> None:
    backend = web(config=CONFIG.replace("check fall 2", "fall 2"))
    assert backend.options.startswith("check inter 2s fall 3 rise 2 ")
    assert backend.notes[0].startswith("the servers have no health check, which it is given")


@pytest.mark.parametrize(
    ("version", "takes"),
    [("2.6.12", False), ("2.6.18", True), ("2.8.5", False), ("2.8.25-5c", True), ("2.9.1", False), ("3.0-dev5", True)],
)
def test_a_cookie_is_given_only_where_haproxy_takes_it_and_otherwise_it_is_said(version: str, takes: bool) -> None:
    assert takes_cookie(version) is takes
    assert ("cookie app4" in web(version=version).options_of("app4")) is takes
    assert bool(web(version=version).notes) is not takes
    assert "cookie app4" in web(version=version).line_of("app4", "10.0.0.4:80", 1), "the configuration takes it always"


@pytest.mark.parametrize("algorithm", ["roundrobin", "leastconn", "first", "unknown"])
def test_a_dynamic_algorithm_takes_servers_and_weights(algorithm: str) -> None:
    assert (balancing(algorithm).refuses_servers, balancing(algorithm).refuses_weights) == ("", "")


def test_a_static_algorithm_takes_none_and_says_which_do() -> None:
    says = "`balance static-rr` does not, as roundrobin, leastconn and random do"
    assert balancing("static-rr").refuses_servers == balancing("static-rr").refuses_weights == says


def test_a_hash_has_to_be_consistent_and_has_to_be_seen_to_be() -> None:
    assert balancing("source").refuses_servers == "`balance source` does only with `hash-type consistent`"
    consistent = CONFIG.replace("balance roundrobin", "balance source\n    hash-type consistent")
    assert balancing("source", consistent).refuses_servers == ""
    assert "cannot be seen: give the path of haproxy.cfg" in balancing("source", "").refuses_servers


@pytest.mark.parametrize("version", ["2.2.9", "2.4.22", ""])
def test_an_old_haproxy_takes_weights_and_no_servers(version: str) -> None:
    assert "2.5 and newer can" in web(version=version).refuses_servers
    assert web(version=version).refuses_weights == ""


def test_a_template_stands_for_the_servers_that_it_makes() -> None:
    facts = parse_config("backend a\n server-template s 2-3 10.0.0.1:80 check\n server-template t 2 h:80")["a"]
    assert sorted(facts.servers) == ["s2", "s3", "t1", "t2"]


@pytest.mark.parametrize("numbers", ["x", "", "1-", "-", "9-1", "1-99999999999"])
def test_a_template_of_anything_is_bounded(numbers: str) -> None:
    facts = parse_config(f"backend a\n server-template s '{numbers}' 10.0.0.1:80")["a"]
    assert len(facts.servers) <= 10_000


def test_a_weight_that_is_no_number_is_not_told() -> None:
    assert BackendFacts(servers={"a": ("weight", "$W")}).written_weight("a") is None


def test_it_can_add_servers_and_set_weights_in_exact_words() -> None:
    port = haproxy()
    assert isinstance(port, AddsServers)
    assert isinstance(port, SetsWeight)
    added = port.add_server_command("app", "app4", address="10.0.0.4:80", weight=10, options="check inter 1s")
    assert added == "add server app/app4 10.0.0.4:80 check inter 1s weight 10"
    assert port.enable_check_command("app", "app4") == "enable health app/app4"
    assert port.delete_server_command("app", "app4") == "del server app/app4"
    assert port.weight_command("app", "app4", 50) == "set server app/app4 weight 50"


def test_two_versions_want_to_be_told_that_it_is_an_experiment() -> None:
    assert [experimental(v) for v in ("2.3.1", "2.4.0", "2.5.14", "2.6.0", "3.0.1")] == [
        False,
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("name", ["", "a b", "a;shutdown", "a\nshow", "a/b"])
def test_a_name_that_could_carry_a_command_is_refused(name: str) -> None:
    for command in (haproxy().enable_check_command, haproxy().delete_server_command):
        with pytest.raises(Refused, match="not a name"):
            command("app", name)
    with pytest.raises(Refused, match="not a name"):
        haproxy().weight_command("app", name, 1)
    with pytest.raises(Refused, match="not a name"):
        haproxy().add_server_command("app", name, address="10.0.0.4:80", weight=1, options="check")


@pytest.mark.parametrize("options", ["check;del", "check \\;", 'check "a b"', "check $TOKEN", "check…"])
def test_a_parameter_that_could_carry_a_command_is_refused(options: str) -> None:
    with pytest.raises(Refused, match="cannot be sent over HAProxy's socket"):
        haproxy().add_server_command("app", "app4", address="10.0.0.4:80", weight=1, options=options)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("app4:80", "does not resolve the names of servers"),
        ("10.0.0.4", "no IP address with a port"),
        ("10.0.0.4:0", "no port between 1 and 65535"),
        ("10.0.0.4:http", "no port between 1 and 65535"),
        ("10.0.0.4:80;del", "no IP address with a port"),
        ("10.0.0.4:\uff18\uff10", "no IP address with a port"),
        ("[fe80::1%e;del]:80", "no IP address with a port"),
        ("[fe80::1%e\ndel]:80", "no IP address with a port"),
    ],
)
def test_an_address_that_haproxy_would_not_reach_is_refused_with_the_mend(address: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        haproxy().add_server_command("app", "app4", address=address, weight=1, options="check")


def test_an_ipv6_address_is_sent_in_brackets() -> None:
    command = haproxy().add_server_command("app", "app4", address="[fd00::4]:80", weight=1, options="check")
    assert command == "add server app/app4 [fd00::4]:80 check weight 1"
