"""The log of a service, by systemd, by a container engine and by a site's own command."""

import shlex

import pytest

from console.ports.protocols import Completed, ShellError
from tests.contract.nodes import made
from tests.contract.replay.host import ReplayHost, said

HINT = (
    "Hint: You are currently not seeing messages from other users and the system.\n"
    "      Users in groups 'adm', 'systemd-journal' can see all messages.\n"
)


class Journal(ReplayHost):
    """journalctl, which shows a unit's log to some only."""

    def __init__(self, *, readable: bool, by_sudo: bool = False) -> None:
        self.readable, self.by_sudo = readable, by_sudo
        super().__init__({"journalctl": self._journalctl, "sudo": self._sudo})

    def _journalctl(self, arguments: list[str]) -> Completed:
        return said("2026-11-23T03:00:00+0000 db1 mongod: up\n") if self.readable else said(stderr=HINT)

    def _sudo(self, arguments: list[str]) -> Completed:
        if self.by_sudo and arguments[:2] == ["-n", "journalctl"]:
            return said("by sudo\n")
        return said(status=1, stderr="sudo: a password is required")


async def test_the_log_of_a_unit_is_read_without_a_right() -> None:
    host = Journal(readable=True)
    unit = made("systemd", "service", {"unit": "mongod.service"}, host)
    assert (await unit.log(50)).endswith("mongod: up\n")
    assert shlex.join(host.ran[-1]) == unit.log_command(50)
    assert host.ran[-1][:3] == ["journalctl", "--unit=mongod.service", "--lines=50"]


async def test_where_our_user_may_not_read_it_sudo_is_tried_and_what_is_missing_is_the_line_to_add() -> None:
    table = {"unit": "mongod.service"}
    assert await made("systemd", "service", table, Journal(readable=False, by_sudo=True)).log(5) == "by sudo\n"
    with pytest.raises(ShellError, match=r"NOPASSWD: journalctl --unit.*group systemd-journal"):
        await made("systemd", "service", table, Journal(readable=False)).log(5)
    with pytest.raises(ShellError, match="add it to the group systemd-journal"):
        await made("systemd", "service", {**table, "sudo": False}, Journal(readable=False)).log(5)


async def test_both_outputs_of_a_container_stand_in_the_order_of_their_times() -> None:
    def docker(arguments: list[str]) -> Completed:
        assert arguments == ["logs", "--timestamps", "--tail", "3", "app1"]
        return said("2026-01-01T00:00:01Z out\n2026-01-01T00:00:03Z out\n", stderr="2026-01-01T00:00:02Z err\n")

    container = made("docker", "service", {"container": "app1"}, ReplayHost({"docker": docker}))
    assert [line.split()[1] for line in (await container.log(3)).splitlines()] == ["out", "err", "out"]


async def test_a_container_that_is_not_there_is_told_in_the_words_of_its_engine() -> None:
    host = ReplayHost({"docker": lambda _: said(status=1, stderr="Error: No such container: app1")})
    with pytest.raises(ShellError, match="No such container"):
        await made("docker", "service", {"container": "app1"}, host).log(3)


async def test_a_sites_own_command_gets_the_lines_and_where_there_is_none_it_names_what_to_add() -> None:
    host = ReplayHost({"tail": lambda arguments: said(" ".join(arguments))})
    table = {"state": ["s"], "logs": ["tail", "-n", "{lines}", "/var/log/app.log"]}
    assert await made("command", "service", table, host).log(7) == "-n 7 /var/log/app.log"
    with pytest.raises(ShellError, match=r"add `logs = \["):
        await made("command", "service", {"state": ["s"]}, host).log(7)
