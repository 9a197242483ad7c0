"""What the Data Plane API tells of a backend and its servers, in the console's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.cluster.snapshot import Admin, Backend, Health, PoolMember
from plugins.haproxy.joining import DYNAMIC, HASHED
from plugins.haproxy.runtime import safe_words
from plugins.haproxy.servers import check_of

Told = Mapping[str, Any]
"""An object of the API."""

OWN = frozenset({"name", "address", "port", "weight", "maintenance", "id", "backup", "metadata"})
"""Of a server in the configuration: its own, not what another would be added with."""
RELOADS = "the Data Plane API reloads HAProxy when a server leaves, which forgets what is drained elsewhere."


@dataclass(frozen=True, slots=True)
class Section:
    """One backend: its configuration, its servers in it, at run time and in the statistics, each by name."""

    conf: Told
    written: Mapping[str, Told]
    running: Mapping[str, Told]
    stats: Mapping[str, Told]

    @property
    def cookie(self) -> bool:
        """Clients are pinned by a cookie."""
        return bool(self.conf.get("cookie"))

    @property
    def checks(self) -> bool:
        """Its servers are health-checked."""
        default = self.conf.get("default_server") or {}
        return any(one.get("check") == "enabled" for one in (default, *self.written.values()))

    @property
    def fixed(self) -> str:
        """Why it takes no servers and no weights at run time; empty when it does."""
        algorithm = str((self.conf.get("balance") or {}).get("algorithm", "roundrobin"))
        consistent = (self.conf.get("hash_type") or {}).get("method") == "consistent"
        if algorithm in DYNAMIC or (algorithm in HASHED and consistent):
            return ""
        return f"`balance {algorithm}` does not, as roundrobin, leastconn and random do"


def backend_of(name: str, section: Section) -> Backend:
    """How a server joins: as the first one of the configuration that is no backup."""
    like = next((one for one in section.written.values() if one.get("backup") != "enabled"), {})
    words = [word for word in options_of(like).split() if not word.startswith("cookie=")]
    if section.cookie:
        words.append("cookie={server}")
    return Backend(
        name=name,
        refuses_servers=section.fixed,
        refuses_weights=section.fixed,
        options=" ".join(words),
        notes=(RELOADS,),
        checks=section.checks,
        lasts=True,
        missing=tuple(server for server in section.written if server not in section.running),
    )


def pool_member(balancer: str, backend: str, name: str, section: Section) -> PoolMember:
    """One server."""
    running, stats = section.running[name], section.stats.get(name, {})
    written = section.written.get(name)
    status = str(stats.get("status", "")).upper()
    admin = Admin(running["admin_state"])
    checked = status != "NO CHECK" and section.checks
    check = check_of(status, str(stats.get("check_status", ""))) if checked else Health.UNKNOWN
    return PoolMember(
        balancer=balancer,
        backend=backend,
        server=name,
        admin=admin,
        check=check,
        check_says=str(stats.get("check_status", "")),
        weight=int(running.get("weight", stats.get("weight", 1))),
        sessions=_number(stats, "scur"),
        queue=_number(stats, "qcur") or 0,
        address=f"{running['address']}:{running['port']}",
        sticky=section.cookie and bool((written or {}).get("cookie")),
        checked=checked,
        limit=_number(stats, "slim"),
        errors=sum(_number(stats, column) or 0 for column in ("econ", "eresp", "hrsp_5xx")),
        requests=_number(stats, "req_tot") or 0,
        dynamic=written is None,
        written_weight=None if written is None else int(written.get("weight", 1)),
        options=options_of(written or {}),
        backup=(written or {}).get("backup") == "enabled",
        changed_s=_number(stats, "lastchg"),
    )


def options_of(written: Told) -> str:
    """The rest of a server's configuration, as words."""
    simple = ((key, value) for key, value in written.items() if key not in OWN and isinstance(value, str | int))
    return " ".join(f"{key}={value}" for key, value in simple if " " not in str(value))


def server_of(name: str, address: str, weight: int, options: str) -> dict[str, object]:
    """A server in maintenance, as the configuration has it. Raises Refused for words that it cannot hold."""
    host, _, port = address.rpartition(":")
    values: dict[str, object] = {}
    for key, _, value in (word.partition("=") for word in safe_words(options)):
        values[key] = int(value) if value.isdecimal() else value
    own: dict[str, object] = {"name": name, "address": host.strip("[]"), "port": int(port), "weight": weight}
    return {**own, **values, "maintenance": "enabled"}


def _number(told: Told, column: str) -> int | None:
    value = told.get(column)
    return value if isinstance(value, int) else None
