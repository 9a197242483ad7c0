"""systemd: what a unit says of itself, what sudo allows, and what is refused with its mend."""

from typing import Any

import pytest

from console.cluster.snapshot import ServiceState, Size
from console.ports.protocols import Completed, Refused
from plugins.systemd import SystemdService, SystemdSize
from tests.contract.nodes import made
from tests.contract.replay.host import GIB, said
from tests.contract.replay.systemd import FILES, UNIT, Systemd


def service(host: Systemd, **table: Any) -> SystemdService:
    found: SystemdService = made("systemd", "service", {"unit": UNIT, "sudo": False, **table}, host)
    return found


def size(host: Systemd, **table: Any) -> SystemdSize:
    found: SystemdSize = made("systemd", "size", {"unit": UNIT, "sudo": False, **table}, host)
    return found


async def test_a_unit_that_did_not_come_back_says_why_and_what_its_log_ends_with() -> None:
    host = Systemd()
    host.starts = False
    await service(host).turn("stop")
    with pytest.raises(Refused, match=r"Job for mongod\.service failed .*; its log ends with: cannot open its file"):
        await service(host).turn("start")
    view = await service(host).look()
    assert view.state is ServiceState.STOPPED
    assert view.reason == "failed: exit-code, status 14; its log ends with: cannot open its file"


async def test_a_unit_that_is_not_there_is_unknown_with_where_to_look() -> None:
    view = await service(Systemd(), unit="mongo.service").look()
    assert view.state is ServiceState.UNKNOWN
    assert view.reason == "unit mongo.service on db1: not found; see `systemctl list-units --type=service` there"


async def test_a_unit_on_its_way_is_neither_running_nor_stopped() -> None:
    host = Systemd()
    host.state = "deactivating"
    assert (await service(host).look()).state is ServiceState.UNKNOWN


RULES = """\
Matching Defaults entries for ops on db1:
    env_reset, use_pty

User ops may run the following commands on db1:

Sudoers entry:
    RunAsUsers: root
    Options: !authenticate
    Commands:
\t/usr/bin/systemctl start mongod.service
\t/usr/bin/systemctl set-property mongod.service *

Sudoers entry:
    RunAsUsers: root
    Commands:
\t/usr/bin/systemctl stop mongod.service
"""


def asking(host: Systemd, rules: str = RULES) -> Systemd:
    """A host whose sudo answers as the real one did with these rules."""

    def sudo(arguments: list[str]) -> Completed:
        match arguments:
            case ["-n", "-l", "-l"]:
                return said(rules)
            case ["-n", "-l", *words]:
                return said(f"/usr/bin/{' '.join(words)}\n")
            case ["-n", *words]:
                return host._programs[words[0]](words[1:])
        raise AssertionError(arguments)

    host._programs["sudo"] = sudo
    return host


async def test_a_rule_that_asks_for_a_password_is_known_before_anything_is_run() -> None:
    host = asking(Systemd())
    view = await service(host, sudo=True).look()
    assert view.state is ServiceState.RUNNING
    assert view.forbidden == (
        "sudo does not let us run it without a password; give our user "
        "`NOPASSWD: systemctl stop mongod.service` (its rule asks for a password)"
    )
    assert not [argv for argv in host.ran if argv[:3] == ["sudo", "-n", "systemctl"]]


async def test_what_a_pattern_allows_is_allowed() -> None:
    assert not (await size(asking(Systemd()), sudo=True).look()).forbidden


@pytest.mark.parametrize("words", ["sudo: a password is required\n", ""])
async def test_a_command_that_no_rule_allows_is_told_with_the_rule_to_add(words: str) -> None:
    """sudo says nothing at all of a command that is not allowed, where another is."""
    host = Systemd()
    host._programs["sudo"] = lambda _: said(status=1, stderr=words)
    forbidden = (await service(host, sudo=True).look()).forbidden
    assert forbidden.startswith(
        "sudo does not let us run it without a password; give our user `NOPASSWD: systemctl stop mongod.service`"
    )


async def test_by_sudo_what_changes_something_is_run_and_told_with_it() -> None:
    host = asking(Systemd(), RULES.replace("    Commands:", "    Options: !authenticate\n    Commands:"))
    turned = service(host, sudo=True)
    assert not (await turned.look()).forbidden
    await turned.turn("stop")
    assert turned.command("stop") == "sudo -n systemctl stop mongod.service"
    assert ["sudo", "-n", "systemctl", "stop", UNIT] in host.ran


async def test_a_host_without_sudo_says_so() -> None:
    host = Systemd()
    host._programs["sudo"] = lambda _: said(status=127, stderr="env: 'sudo': No such file or directory")
    assert "there is no sudo on db1" in (await service(host, sudo=True).look()).forbidden


async def test_a_limit_is_what_the_kernel_holds_not_what_systemd_says() -> None:
    host = Systemd()
    host.memory = str(4 * GIB)
    view = await size(host).look()
    assert view.size == Size(cpus=4.0, memory_bytes=8_000_000 * 1024)
    host.files[f"{FILES}/memory.max"] = f"{4 * GIB}\n"
    view = await size(host).look()
    assert view.size
    assert view.size.memory_bytes == 4 * GIB


async def test_a_stopped_unit_tells_what_it_will_start_with() -> None:
    host = Systemd()
    await size(host).resize(Size(cpus=1.5, memory_bytes=2 * GIB))
    await service(host).turn("stop")
    view = await size(host).look()
    assert (view.size, view.in_use_bytes) == (Size(cpus=1.5, memory_bytes=2 * GIB), 0)


async def test_cgroup_v1_is_read_as_well() -> None:
    host = Systemd()
    for name in list(host.files):
        if name.startswith("/sys"):
            del host.files[name]
    root, group = "/sys/fs/cgroup", "system.slice/mongod.service"
    host.files[f"{root}/memory/{group}/memory.limit_in_bytes"] = f"{3 * GIB}\n"
    host.files[f"{root}/memory/{group}/memory.usage_in_bytes"] = f"{GIB}\n"
    host.files[f"{root}/cpu/{group}/cpu.cfs_quota_us"] = "150000\n"
    host.files[f"{root}/cpu/{group}/cpu.cfs_period_us"] = "100000\n"
    view = await size(host).look()
    assert (view.size, view.in_use_bytes) == (Size(cpus=1.5, memory_bytes=3 * GIB), GIB)


async def test_a_size_that_is_not_for_good_says_so_in_its_command() -> None:
    sized = size(Systemd(), persistent=False)
    assert sized.resize_command(Size(memory_bytes=GIB)) == (
        f"systemctl set-property --runtime mongod.service MemoryMax={GIB}"
    )


async def test_the_whole_host_is_no_limit() -> None:
    sized = size(Systemd())
    whole = (await sized.look()).most
    assert sized.resize_command(whole) == "systemctl set-property mongod.service MemoryMax=infinity CPUQuota="


async def test_what_no_unit_has_is_refused_with_where_it_stands() -> None:
    with pytest.raises(Refused, match="a unit has no cache: set it in the service's own file"):
        size(Systemd()).resize_command(Size(cache_bytes=GIB))


async def test_a_size_that_systemd_sets_and_cannot_keep_is_refused_and_set_back() -> None:
    """Seen on Debian 12: on a full disk `set-property` succeeds, and the limit is gone at the next reload."""
    host = Systemd()
    await size(host).resize(Size(memory_bytes=2 * GIB, cpus=2.0))
    host.disk_full = True
    with pytest.raises(
        Refused, match=r"is not kept in /etc/systemd/.*50-MemoryMax\.conf.*the size before is set again"
    ):
        await size(host).resize(Size(memory_bytes=GIB))
    assert (host.memory, host.quota_us) == (str(2 * GIB), 2_000_000)


async def test_what_systemd_refuses_is_told_in_its_words() -> None:
    host = Systemd()
    await size(host).look()
    full, systemctl = "Failed to set unit properties on mongod.service: Access denied", host._programs["systemctl"]
    host._programs["systemctl"] = lambda words: (
        said(status=1, stderr=full) if "set-property" in words else systemctl(words)
    )
    with pytest.raises(Refused, match=full):
        await size(host).resize(Size(memory_bytes=GIB))


async def test_a_size_until_the_next_start_is_kept_where_that_is_kept() -> None:
    host = Systemd()
    await size(host, persistent=False).resize(Size(memory_bytes=GIB))
    assert host.memory == str(GIB)


@pytest.mark.parametrize("unit", ["", "-H other", "a b", "--root=/"])
def test_a_name_that_is_an_option_is_no_unit(unit: str) -> None:
    with pytest.raises(ValueError, match="expected the name of a unit"):
        service(Systemd(), unit=unit)
