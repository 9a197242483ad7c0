"""The files that a lab writes before it starts: secrets, balancer configurations, the cluster file."""

import base64
import json
import re
import secrets

from console.cluster.snapshot import Size
from console.lab import processes, programs
from console.lab.layout import NODES, Layout, Node, of_role
from console.lab.record import write_private

USERS = ("monitor", "operator", "app", "root")
HEALTH_PATH = "/api/v1/app/health-check"
HEALTHY = '{"states":{"mongodb":"ok"},"errors":[]}'
HEALTHY_BASE64 = base64.b64encode(HEALTHY.encode()).decode()


def write(layout: Layout) -> None:
    """Write every file that the processes of a lab need before they start, each readable by its owner only."""
    texts = {f"{user}.password": secrets.token_urlsafe(24) for user in USERS}
    texts["health.token"] = secrets.token_urlsafe(24)
    texts["keyfile"] = base64.b64encode(secrets.token_bytes(96)).decode()
    texts["cluster.toml"] = _cluster(layout)
    texts["ssh_config"] = "\n".join(_host(layout, node) for node in NODES)
    for node in of_role("balancer"):
        texts[f"{node.name}.cfg"] = _balancer(layout, node, texts["health.token"])
    for node in NODES:
        if node.role == "member":
            layout.path(node.name).mkdir(mode=0o700)
    for name, text in texts.items():
        write_private(layout.path(name), text.encode())


def _cluster(layout: Layout) -> str:
    def quoted(text: object) -> str:
        return json.dumps(str(text), ensure_ascii=False)

    def file(name: str) -> str:
        return f"{{ file = {quoted(layout.path(name))} }}"

    balancers = "".join(
        f"""
[[balancers]]
name = "{node.name}"
plugin = "haproxy"
socket = {quoted(f"unix://{layout.socket(node.name)}")}
config = {quoted(layout.path(f"{node.name}.cfg"))}
checker = {json.dumps([programs.haproxy(), "-c", "-f", "{config}"])}
backends = ["app", "web"]
"""
        for node in of_role("balancer")
    )
    nodes = "".join(
        f"""
[[nodes]]
name = "{node.name}"
address = "{layout.address(node)}"
domain = "{node.domain}"
roles = ["{node.role}"]
spare = {json.dumps(node.spare)}
{_service(layout, node)}"""
        for node in NODES
    )
    return f"""\
name = {quoted(layout.name)}
environment = "lab"

[replica_set]
plugin = "mongodb"
uri = {quoted(layout.uri())}
username = "monitor"
password = {file("monitor.password")}

[replica_set.operator]
username = "operator"
password = {file("operator.password")}

[health]
plugin = "passwork"
port = {layout.ports.app}
path = "{HEALTH_PATH}"
token = {file("health.token")}

[shell]
plugin = "ssh"
config = {quoted(layout.path("ssh_config"))}

[safety]
block_s = 0  # rehearsals step down again and again; leave it at 300 where writes matter
lease_ttl_s = 20
{balancers}{nodes}"""


def _service(layout: Layout, node: Node) -> str:
    if node.role == "balancer":
        return ""

    def command(*words: str) -> str:
        return json.dumps(processes.python("service", layout.dir, node.name, *words), ensure_ascii=False)

    resize = (f"{key}={{{key}}}" for key in Size.__dataclass_fields__)
    return f"""
[nodes.service]
plugin = "command"
state = {command("state")}
start = {command("start")}
stop = {command("stop")}
logs = {json.dumps(["tail", "-n", "{lines}", str(layout.path(f"{node.name}.log"))], ensure_ascii=False)}
deadline_s = 40

[nodes.size]
plugin = "command"
read = {command("size")}
set = {command("resize", *resize)}
live = false
deadline_s = 40
"""


def _host(layout: Layout, node: Node) -> str:
    return f"""\
Host {node.name}
    HostName {layout.address(node)}
    Port {layout.ports.ssh}
    User operator
    IdentityFile {layout.path("client_key")}
    IdentitiesOnly yes
    UserKnownHostsFile {layout.path("known_hosts")}
    StrictHostKeyChecking yes
"""


def _balancer(layout: Layout, node: Node, token: str) -> str:
    real, ports = layout.real_address(node), layout.ports
    # Status 200 alone is not health: the body must say that the database answers, plain or in base64.
    healthy = f"{re.escape(HEALTHY)}|{re.escape(HEALTHY_BASE64)}"
    check = f"""\
    option httpchk
    http-check send meth POST uri {HEALTH_PATH} ver HTTP/1.1 hdr Host lab hdr Content-Type application/json \
body '{json.dumps({"token": token})}'
    http-check expect status 200
    http-check expect rstring '{healthy}'
    default-server check inter 500ms fall 2 rise 2 weight 100
"""
    servers = [(app.name, f"{layout.address(app)}:{ports.app}") for app in of_role("app")]
    plain = "".join(f"    server {name} {address}\n" for name, address in servers)
    sticky = "".join(f"    server {name} {address} cookie {name}\n" for name, address in servers)
    return f"""\
global
    stats socket {layout.socket(node.name)} mode 600 level admin
    stats socket ipv4@{real}:{ports.stats} level admin
    stats timeout 30s
    nbthread 1
    maxconn 1000

defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout http-keep-alive 60s
    timeout server 10s
    timeout queue 5s
    timeout check 1s
    retries 3
    option redispatch 1
    # A request that met a closing server is sent to another one; the lab's writes may be sent twice.
    retry-on conn-failure empty-response

frontend app-front
    bind {real}:{ports.front_app}
    default_backend app

frontend web-front
    bind {real}:{ports.front_web}
    default_backend web

backend app
    balance roundrobin
{check}{plain}
backend web
    balance roundrobin
    cookie SRV insert indirect nocache
{check}{sticky}"""
