"""What makes each host what it is there for: its units and their configurations, its sshd, its sudo."""

import json
import re
import shutil
import uuid
from pathlib import Path

import asyncssh

from console.lab.files import HEALTH_PATH, HEALTHY
from tests.live.hosts import machine, replica_set
from tests.live.hosts.layout import (
    APP_PORT,
    APPS,
    FRONT_PORT,
    HAPROXY,
    HAPROXY_CONFIG,
    HAPROXY_SOCKET,
    HOSTS,
    MONGODB_PORT,
    NGINX,
    UNITS,
    USER,
    Host,
    Layout,
)

NGINX_CONFIG = "/etc/nginx/conf.d/app.conf"
INIT = """\
#!/bin/sh
# systemd-nspawn mounts control groups version 1 read-only, and systemd leaves alone what it finds so.
for controller in memory cpu cpuacct; do
    ! [ -d /sys/fs/cgroup/$controller ] || mount -o remount,bind,rw /sys/fs/cgroup/$controller
done
exec /lib/systemd/systemd
"""
ROOT_ONLY, FOR_ALL = 0o600, 0o644


def write(layout: Layout, host: Host, root: Path, key: asyncssh.SSHKey, client_key: asyncssh.SSHKey) -> None:
    """Every file of one host, over those of the base."""
    _common(layout, host, root, key, client_key)
    _own(layout, host, root)


def _common(layout: Layout, host: Host, root: Path, key: asyncssh.SSHKey, client_key: asyncssh.SSHKey) -> None:
    names = "".join(f"{layout.service(other)} {other.name}\n" for other in HOSTS)
    _put(root / "etc/hostname", f"{host.name}\n")
    _put(root / "etc/hosts", f"127.0.0.1 localhost\n{names}")
    _put(root / "etc/machine-id", f"{uuid.uuid4().hex}\n")
    _put(root / "etc/ssh/ssh_host_ed25519_key", key.export_private_key(), ROOT_ONLY)
    sshd = ("HostKey /etc/ssh/ssh_host_ed25519_key", f"ListenAddress {layout.ssh(host)}", "PasswordAuthentication no")
    _put(root / "etc/ssh/sshd_config.d/lab.conf", "\n".join((*sshd, "UseDNS no", "")))
    # Not in the user's home, whose owner this process does not know.
    _put(root / f"etc/ssh/keys/{USER}", client_key.export_public_key())
    _put(root / "etc/ssh/sshd_config.d/keys.conf", "AuthorizedKeysFile /etc/ssh/keys/%u\n")
    _put(root / machine.INIT.lstrip("/"), INIT, 0o755)
    if allowed := _allowed(host):
        rules = ", \\\n    ".join(allowed)
        _put(root / f"etc/sudoers.d/{USER}", f"{USER} ALL=(root) NOPASSWD: {rules}\n", 0o440)


def _allowed(host: Host) -> list[str]:
    """What the user may do as root without a password: what the plugins of that host need, and no more."""
    if host is NGINX:
        changes = ("cp -p --", "mv -f -T --", "rm -f --")
        looks = ("stat -c *", "stat -L -c *", "cat -- /etc/nginx/*", "readlink -f -- /etc/nginx/*")
        return [
            "/usr/sbin/nginx *",
            *(f"/usr/bin/{look}" for look in looks),
            *(f"/usr/bin/{change} /etc/nginx/*" for change in changes),
            r"/usr/bin/dd of\=/etc/nginx/* conv\=fsync status\=none",
        ]
    if unit := UNITS.get(host.role):
        return [f"/usr/bin/systemctl {words}" for words in (f"start {unit}", f"stop {unit}", f"set-property {unit} *")]
    return []


def _own(layout: Layout, host: Host, root: Path) -> None:
    match host.role:
        case "member":
            _member(layout, host, root)
        case "app":
            _app(layout, host, root)
        case "balancer" if host is HAPROXY:
            _put(root / HAPROXY_CONFIG.lstrip("/"), _haproxy(layout, host), 0o644)
            _wants(root, "haproxy.service")
        case "balancer" if host is NGINX:
            _put(root / NGINX_CONFIG.lstrip("/"), _nginx(layout, host))
            (root / "etc/nginx/sites-enabled").mkdir()
            _wants(root, "nginx.service")


def _wants(root: Path, unit: str, folder: str = "/lib/systemd/system") -> None:
    wants = root / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True, exist_ok=True)
    (wants / unit).symlink_to(f"{folder}/{unit}")


def _service(root: Path, unit: str, text: str) -> None:
    _put(root / "etc/systemd/system" / unit, text)
    _wants(root, unit, "/etc/systemd/system")


def _member(layout: Layout, host: Host, root: Path) -> None:
    _put(root / "etc/mongod.key", layout.secret("keyfile"), ROOT_ONLY)
    _put(
        root / "etc/mongod.conf",
        f"""\
storage: {{dbPath: /var/lib/mongodb, wiredTiger: {{engineConfig: {{cacheSizeGB: 0.25}}}}}}
replication: {{replSetName: {replica_set.SET}, oplogSizeMB: 64}}
net: {{bindIp: "127.0.0.1,{layout.service(host)}", port: {MONGODB_PORT}, unixDomainSocket: {{enabled: false}}}}
security: {{keyFile: /run/mongod/key}}
systemLog: {{quiet: true}}
setParameter: {{diagnosticDataCollectionEnabled: false}}
""",
    )
    # The key is root's in /etc, as its owner's number is the base's own matter.
    _service(
        root,
        "mongod.service",
        """\
[Unit]
Description=MongoDB
After=network.target

[Service]
User=mongodb
RuntimeDirectory=mongod
ExecStartPre=+/usr/bin/install -o mongodb -m 400 /etc/mongod.key /run/mongod/key
ExecStart=/usr/local/bin/mongod --config /etc/mongod.conf
LimitNOFILE=64000
TimeoutStopSec=40
MemoryMax=2G

[Install]
WantedBy=multi-user.target
""",
    )


def _app(layout: Layout, host: Host, root: Path) -> None:
    source = Path(__file__).parents[3] / "console"
    target = root / "opt/app/console"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    _put(root / "opt/app/app.py", Path(__file__).with_name("app.py").read_bytes())
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else FOR_ALL)
    lines = {
        "APP_NAME": host.name,
        "APP_ADDRESS": layout.service(host),
        "APP_PORT": APP_PORT,
        "APP_TOKEN": layout.secret("health.token"),
        "APP_MONGODB_URI": replica_set.uri(layout),
        "APP_MONGODB_PASSWORD": layout.secret("app.password"),
        "PYTHONPATH": "/opt/app:/opt/site-packages",
        "PYTHONDONTWRITEBYTECODE": 1,
    }
    _put(root / "etc/app.env", "".join(f"{key}={value}\n" for key, value in lines.items()), ROOT_ONLY)
    _service(
        root,
        "app.service",
        """\
[Unit]
Description=The application
After=network.target

[Service]
User=www-data
EnvironmentFile=/etc/app.env
ExecStart=/usr/bin/python3 /opt/app/app.py
TimeoutStopSec=20
MemoryMax=1G

[Install]
WantedBy=multi-user.target
""",
    )


def _haproxy(layout: Layout, host: Host) -> str:
    body = json.dumps({"token": layout.secret("health.token")})
    servers = "".join(f"    server {app.name} {layout.service(app)}:{APP_PORT}\n" for app in APPS)
    return f"""\
global
    stats socket {HAPROXY_SOCKET} mode 660 user haproxy group haproxy level admin
    stats timeout 30s
    user haproxy
    group haproxy
    nbthread 1
    maxconn 1000

defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 12s
    timeout queue 5s
    timeout check 1s
    retries 3
    option redispatch 1
    retry-on conn-failure empty-response

frontend front
    bind {layout.service(host)}:{FRONT_PORT}
    default_backend app

backend app
    balance roundrobin
    option httpchk
    http-check send meth POST uri {HEALTH_PATH} ver HTTP/1.1 hdr Host lab hdr Content-Type application/json \
body '{body}'
    http-check expect status 200
    http-check expect rstring '{re.escape(HEALTHY)}'
    default-server check inter 500ms fall 2 rise 2 weight 100
{servers}"""


def _nginx(layout: Layout, host: Host) -> str:
    servers = "".join(f"    server {layout.service(app)}:{APP_PORT};\n" for app in APPS)
    return f"""\
upstream app {{
{servers}}}

server {{
    listen {layout.service(host)}:{FRONT_PORT};
    location / {{
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_connect_timeout 1s;
    }}
}}
"""


def _put(path: Path, text: str | bytes, mode: int = FOR_ALL) -> None:
    """A file of a host, with the directories above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
