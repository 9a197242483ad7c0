"""What is written before a lab is booted: secrets and keys, the cluster file, and the files of every host."""

import base64
import secrets

import asyncssh

from console.lab.record import write_private
from tests.live.hosts import clusterfile, systems
from tests.live.hosts.layout import BASTION, HAPROXY, HOSTS, NGINX, USER, Host, Layout

USERS = ("monitor", "operator", "app")


def write(layout: Layout) -> None:
    """Everything, each secret readable by its owner only."""
    texts = {f"{user}.password": secrets.token_urlsafe(24) for user in USERS}
    texts["health.token"] = secrets.token_urlsafe(24)
    texts["keyfile"] = base64.b64encode(secrets.token_bytes(96)).decode()
    for name, text in texts.items():
        write_private(layout.path(name), text.encode())
    client_key = asyncssh.generate_private_key("ssh-ed25519", comment="hosts lab")
    write_private(layout.path("client_key"), client_key.export_private_key())
    known = []
    for host in HOSTS:
        key = asyncssh.generate_private_key("ssh-ed25519", comment=host.name)
        known.append(f"{layout.ssh(host)} {key.export_public_key().decode()}")
        upper = layout.folder(host) / "upper"
        upper.mkdir(parents=True, mode=0o755)
        systems.write(layout, host, upper, key, client_key)
    write_private(layout.path("known_hosts"), "".join(known).encode())
    write_private(layout.path("ssh_config"), "\n".join(_ssh(layout, host) for host in HOSTS).encode())
    write_private(layout.path("cluster.toml"), clusterfile.text(layout, HAPROXY, NGINX).encode())
    write_private(layout.path("cluster-that-drains.toml"), clusterfile.text(layout, HAPROXY).encode())


def _ssh(layout: Layout, host: Host) -> str:
    jump = "" if host is BASTION else f"    ProxyJump {BASTION.name}\n"
    return f"""\
Host {host.name}
    HostName {layout.ssh(host)}
    User {USER}
    IdentityFile {layout.path("client_key")}
    IdentitiesOnly yes
    UserKnownHostsFile {layout.path("known_hosts")}
    StrictHostKeyChecking yes
{jump}"""
