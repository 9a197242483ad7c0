"""The cluster file of a lab."""

import json

from console.lab.files import HEALTH_PATH
from tests.live.hosts import replica_set
from tests.live.hosts.layout import (
    APP_PORT,
    APPS,
    HAPROXY,
    HAPROXY_CONFIG,
    HAPROXY_SOCKET,
    MEMBERS,
    NGINX,
    SPARE,
    UNITS,
    Host,
    Layout,
)

BALANCERS = {
    HAPROXY: f"""
[[balancers]]
name = "{HAPROXY.name}"
plugin = "haproxy"
socket = "ssh://{HAPROXY.name}{HAPROXY_SOCKET}"
config = "{HAPROXY_CONFIG}"
backends = ["app"]
""",
    NGINX: f"""
[[balancers]]
name = "{NGINX.name}"
plugin = "nginx"
upstreams = ["app"]
sudo = true
""",
}


def text(layout: Layout, *balancers: Host) -> str:
    """The cluster file with these balancers; nginx has no drain."""

    def file(name: str) -> str:
        return f"{{ file = {json.dumps(str(layout.path(name)))} }}"

    tables = "".join(BALANCERS[host] for host in balancers)
    nodes = "".join(_node(layout, host) for host in (*APPS, *balancers, *MEMBERS, SPARE))
    return f"""\
name = "hosts"
environment = "lab"

[replica_set]
plugin = "mongodb"
uri = {json.dumps(replica_set.uri(layout))}
username = "monitor"
password = {file("monitor.password")}

[replica_set.operator]
username = "operator"
password = {file("operator.password")}

[health]
plugin = "passwork"
port = {APP_PORT}
path = "{HEALTH_PATH}"
token = {file("health.token")}

[shell]
plugin = "ssh"
config = {json.dumps(str(layout.path("ssh_config")))}

[safety]
block_s = 0
lease_ttl_s = 20

{tables}{nodes}"""


def _node(layout: Layout, host: Host) -> str:
    text = f"""
[[nodes]]
name = "{host.name}"
address = "{layout.service(host)}"
domain = "{host.domain}"
roles = ["{host.role}"]
spare = {json.dumps(host.spare)}
"""
    if unit := UNITS.get(host.role):
        text += _driven(unit)
    return text


def _driven(unit: str) -> str:
    # A mongod reads the size of its cache when it starts: a new size takes it out of its work.
    live = json.dumps(unit != UNITS["member"])
    told = f'plugin = "systemd", unit = "{unit}"'
    return f"service = {{ {told} }}\nsize = {{ {told}, live = {live} }}\n"
