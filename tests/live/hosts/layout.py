"""The hosts of the lab: what each is there for, and its addresses on the two networks."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal["bastion", "app", "balancer", "member"]

MONGODB_PORT = 27017
APP_PORT = 8080
FRONT_PORT = 8000


@dataclass(frozen=True, slots=True)
class Host:
    """One machine."""

    name: str
    role: Role
    last_byte: int
    domain: str = ""
    spare: bool = False
    """Prepared, and in no replica set yet."""


BASTION = Host("bastion", "bastion", 10)
APPS = (Host("app1", "app", 11, "rack-a"), Host("app2", "app", 12, "rack-b"))
HAPROXY, NGINX = Host("lb1", "balancer", 31, "rack-a"), Host("lb2", "balancer", 32, "rack-b")
MEMBERS = tuple(Host(f"db{n}", "member", 20 + n, f"rack-{rack}") for n, rack in enumerate("abc", 1))
SPARE = Host("db4", "member", 24, "rack-d", spare=True)
HOSTS = (BASTION, *APPS, HAPROXY, NGINX, *MEMBERS, SPARE)


USER = "ops"
"""Who logs in on every host."""
UNITS = {"app": "app.service", "member": "mongod.service"}
"""What the console may start and stop, by the host's role."""
HAPROXY_SOCKET = "/run/haproxy/admin.sock"
HAPROXY_CONFIG = "/etc/haproxy/haproxy.cfg"


def units(host: Host) -> list[str]:
    """The units that a host is there for."""
    balancers = {HAPROXY.name: "haproxy.service", NGINX.name: "nginx.service"}
    unit = balancers.get(host.name) or UNITS.get(host.role)
    return [unit] if unit else []


@dataclass(frozen=True, slots=True)
class Layout:
    """One lab: its directory, from which its networks follow."""

    home: Path

    @property
    def tag(self) -> str:
        """Names what has to have a name beside the directory: a network interface, control groups."""
        return f"wk{hashlib.sha256(str(self.home).encode()).hexdigest()[:8]}"

    @property
    def network(self) -> str:
        """The first two bytes of every address; another lab has others."""
        return f"10.{100 + int(self.tag[2:], 16) % 150}"

    @property
    def gateway(self) -> str:
        """This machine's own address on the services' network."""
        return f"{self.network}.1.1"

    def service(self, host: Host) -> str:
        """Where a host serves, reached from this machine: databases, applications, front ends, the bastion's sshd."""
        return f"{self.network}.1.{host.last_byte}"

    def management(self, host: Host) -> str:
        """Where a host's sshd listens: a network that only the bastion can reach."""
        return f"{self.network}.2.{host.last_byte}"

    def ssh(self, host: Host) -> str:
        """Where a host's sshd listens."""
        return self.service(host) if host.role == "bastion" else self.management(host)

    def folder(self, host: Host) -> Path:
        """What belongs to one host."""
        return self.home / host.name

    def path(self, name: str) -> Path:
        """A file of this lab."""
        return self.home / name

    def secret(self, name: str) -> str:
        """The text of a secret file."""
        return self.path(name).read_text()


def find(name: str) -> Host:
    """The host of that name. Raises KeyError with the names."""
    for host in HOSTS:
        if host.name == name:
            return host
    raise KeyError(f"no host {name!r}; there are: {', '.join(host.name for host in HOSTS)}")
