import pytest

from console.cluster.snapshot import Admin, Health, PoolMember
from console.ports.plugins import Context
from console.ports.protocols import Refused
from plugins.haproxy import HAProxy
from plugins.haproxy.answers import ParseError, complete, parse_info, parse_stat, parse_states
from plugins.haproxy.config import parse_config
from plugins.haproxy.servers import pool_members

HEADER = (
    "# pxname,svname,type,status,weight,scur,qcur,slim,econ,eresp,hrsp_5xx,stot,bck,lastchg,"
    "check_status,check_code,check_duration,addr,cookie,tracked,last_chk,\n"
)
STAT = (
    HEADER + "fe,FRONTEND,0,OPEN,,3,,100,,,,9,,,,,,,,,,\n"
    "app,app1,2,UP,1,3,0,50,1,2,4,9,0,60,L7OK,200,3,10.0.0.1:80,a1,,ok,\n"
    'app,app2,2,DOWN,1,0,0,,0,0,0,0,0,5,* L7STS,503,1,10.0.0.2:80,a2,,"it said ""no"",\nand left",\n'
    "app,app3,2,DRAIN,1,0,0,,0,0,0,0,1,5,,,,10.0.0.3:80,,,,\n"
    "app,app4,2,MAINT (via web/w1),1,0,0,,0,0,0,0,0,5,,,,10.0.0.4:80,a4,,,\n"
    "app,app5,2,no check,1,0,0,,0,0,0,0,0,5,,,,10.0.0.5:80,a5,,,\n"
    "app,app6,2,UP,1,0,0,,0,0,0,0,0,5,INI,,,10.0.0.6:80,a6,,,\n"
    "app,BACKEND,1,UP,3,3,0,100,1,2,4,9,0,60,,,,,SRV,,,\n"
    "ws,w1,2,UP,1,0,0,,0,0,0,0,0,5,,,,10.0.0.1:80,,app/app1,,\n"
    "ws,BACKEND,1,UP,1,0,0,,0,0,0,0,0,5,,,,,,,,\n\n"
)
STATES = """\
1
# be_id be_name srv_id srv_name srv_admin_state srv_check_state
3 app 1 app1 0 6
3 app 2 app2 8 6
3 app 3 app3 8 0
3 app 4 app4 2 14
3 app 5 app5 0 0
3 app 6 app6 0 6
4 ws 1 w1 0 0

"""
CONFIG = """\
defaults
    mode http
    option httpchk
    http-check expect status 200
backend app
    http-check send meth POST uri /health
    http-check expect status 200
    http-check expect ! min-recv 4 rstring '"mongodb":"(fail|down)"'   # the body
backend ws
    stick on src
backend plain
    http-check send meth GET uri /
backend db
    option mysql-check user x
defaults tcp
backend connects
backend again from tcp
"""


def members(stat: str = STAT, states: str = STATES, config: str = CONFIG) -> dict[str, PoolMember]:
    found = pool_members("lb1", parse_stat(stat), parse_states(states), parse_config(config), "2.8.25")
    return {member.server: member for member in found}


def test_a_server_is_told_in_the_consoles_words() -> None:
    assert members()["app1"] == PoolMember(
        balancer="lb1",
        backend="app",
        server="app1",
        admin=Admin.READY,
        check=Health.UP,
        check_says="L7OK/200 in 3 ms",
        weight=1,
        sessions=3,
        queue=0,
        address="10.0.0.1:80",
        sticky=True,
        checked=True,
        check_reads_body=True,
        limit=50,
        dynamic=True,
        options="cookie a1",
    )
    assert members()["app1"].errors == 7
    assert members()["app1"].requests == 9
    assert members()["app1"].changed_s == 60


def test_a_drained_server_that_is_down_still_says_drain() -> None:
    drained = members()["app2"]
    assert (drained.admin, drained.check, drained.check_says) == (Admin.DRAIN, Health.DOWN, "L7STS/503 in 1 ms")


def test_a_drained_server_without_a_check_is_not_called_up() -> None:
    drained = members()["app3"]
    assert (drained.admin, drained.check, drained.checked, drained.backup) == (Admin.DRAIN, Health.UNKNOWN, False, True)


def test_maintenance_is_maintenance_from_wherever_it_comes() -> None:
    assert (members()["app4"].admin, members()["app4"].check) == (Admin.MAINT, Health.UNKNOWN)
    for bits in (1, 2, 5, 32, 9):
        states = STATES.replace("app1 0 6", f"app1 {bits} 6")
        assert members(states=states)["app1"].admin is Admin.MAINT


def test_a_server_that_the_configuration_disables_and_an_operator_made_ready_is_ready() -> None:
    states = STATES.replace("app1 0 6", "app1 4 6")
    assert members(states=states)["app1"].admin is Admin.READY


def test_no_check_and_a_check_that_never_came_back_are_unknown() -> None:
    assert (members()["app5"].check, members()["app5"].checked) == (Health.UNKNOWN, False)
    assert (members()["app6"].check, members()["app6"].checked) == (Health.UNKNOWN, True)


def test_a_tracking_server_has_the_check_of_the_one_it_tracks() -> None:
    tracking = members()["w1"]
    assert (tracking.check, tracking.check_says, tracking.check_reads_body) == (Health.UP, "as app/app1", True)


def test_only_a_server_with_a_cookie_of_its_own_pins_by_cookie() -> None:
    assert members()["app1"].sticky
    assert not members()["app3"].sticky
    assert members()["w1"].sticky, "by its stick table"
    assert not members(config="")["w1"].sticky


def test_a_server_that_has_no_state_yet_is_judged_by_its_status() -> None:
    assert members(states=STATES.replace("app3 8 0", "other 8 0"))["app3"].admin is Admin.DRAIN


def test_the_configuration_tells_what_a_check_looks_at() -> None:
    facts = {name: fact.check_reads_body for name, fact in parse_config(CONFIG).items()}
    assert facts == {"app": True, "ws": False, "plain": False, "db": None, "connects": False, "again": False}
    assert members(config="")["app1"].check_reads_body is None


def test_rules_of_the_defaults_hold_where_a_backend_has_none() -> None:
    config = (
        "defaults\n option httpchk\n http-check expect string ok\nbackend a\nbackend b\n http-check expect status 200"
    )
    assert {name: fact.check_reads_body for name, fact in parse_config(config).items()} == {"a": True, "b": False}


@pytest.mark.parametrize("text", ["", "backend", "defaults from", 'backend a\n http-check expect string "open', "\0"])
def test_any_text_is_some_configuration(text: str) -> None:
    assert all(fact.check_reads_body in (False, None) for fact in parse_config(text).values())


def test_the_process_is_known_by_its_id() -> None:
    process = parse_info("Name: HAProxy\nVersion: 2.8.25-5cf5d06\nPid: 18\nUptime_sec: 61\n\n")
    assert (process.version, process.process_id, process.uptime_s) == ("2.8.25-5cf5d06", 18, 61)


@pytest.mark.parametrize("cut", [1, 2, 40, len(STAT) // 2])
def test_half_an_answer_is_no_answer(cut: int) -> None:
    with pytest.raises(ParseError):
        parse_stat(complete(STAT[:-cut]))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Permission denied\n\n",
        "# pxname,svname\napp,app1\n\n",
        HEADER + "app,app1\n\n",
        STAT.replace("app1,2,UP,1", "app1,2,UP,many"),
        STAT.replace("app1,2,UP,1", "app1,2,UP,--"),
        HEADER + 'app,"app1\n\n',
    ],
)
def test_an_answer_that_is_no_statistics_is_said_to_be_none(answer: str) -> None:
    with pytest.raises(ParseError):
        members(stat=answer)


@pytest.mark.parametrize(
    "answer", ["", "2\n# be_name\n", "1\nbe_name\n", "1\n# be_name srv_name srv_admin_state\napp a\n"]
)
def test_an_answer_that_is_no_state_is_said_to_be_none(answer: str) -> None:
    with pytest.raises(ParseError):
        parse_states(answer)


def test_the_commands_are_exact() -> None:
    haproxy = HAProxy(HAProxy.Settings(socket="unix:///s"), Context(name="lb1"))
    assert haproxy.admin_command("app", "app2", Admin.DRAIN) == "set server app/app2 state drain"
    assert haproxy.end_sessions_command("app", "app2") == "shutdown sessions server app/app2"


@pytest.mark.parametrize("name", ["", "a b", "a;shutdown", "a\nshow", "a\n", "a/b", "#1 ", "é"])
def test_a_name_that_could_carry_a_command_is_refused(name: str) -> None:
    haproxy = HAProxy(HAProxy.Settings(socket="unix:///s"), Context(name="lb1"))
    with pytest.raises(Refused, match="not a name"):
        haproxy.admin_command("app", name, Admin.READY)
    with pytest.raises(Refused, match="not a name"):
        haproxy.end_sessions_command(name, "app1")


@pytest.mark.parametrize(
    "socket", ["", "/run/s", "unix://run/s", "unix://", "tcp://host", "tcp://h:0", "tcp://h:x", "ssh:///s", "ssh://n/s"]
)
def test_a_socket_that_cannot_be_one_is_told_at_the_start(socket: str) -> None:
    with pytest.raises(ValueError, match=r"socket|Port"):
        HAProxy(HAProxy.Settings(socket=socket), Context(name="lb1"))
