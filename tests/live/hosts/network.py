"""Two bridges in a namespace of their own, and the cables from them to every host and to this machine.

The services' network reaches this machine; the management network reaches the hosts only. The namespace belongs to a
process and has no name: when that process has ended, bridges and cables are gone.
"""

import subprocess
from collections.abc import Mapping

from tests.live.hosts.layout import Host, Layout
from tests.live.hosts.machine import Process, in_namespaces

NETWORKS = {"service": "eth0", "management": "eth1"}
"""Each bridge, and what its cable's end is called in a host."""


def switch(tag: str) -> Process:
    """The process that the bridges belong to."""
    child = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "sleep infinity & wait", "switch", tag],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return in_namespaces(child, "sh")


def wire(layout: Layout, middle: Process, hosts: Mapping[Host, Process]) -> None:
    """Lay every cable and give every address. Raises RuntimeError with what `ip` said."""
    tag = layout.tag
    _ip(None, [f"link add {tag} type veth peer name uplink netns {middle.pid}"])
    _ip(None, [f"address add {layout.gateway}/24 dev {tag}", f"link set {tag} up"])
    lines = [line for bridge in NETWORKS for line in (f"link add {bridge} type bridge", f"link set {bridge} up")]
    lines += ["link set uplink master service", "link set uplink up"]
    for host, process in hosts.items():
        for bridge, name in NETWORKS.items():
            port = f"{bridge[0]}-{host.name}"
            lines.append(f"link add {port} type veth peer name {name} netns {process.pid}")
            lines += [f"link set {port} master {bridge}", f"link set {port} up"]
    _ip(middle, lines)
    for host, process in hosts.items():
        addresses = {"eth0": layout.service(host), "eth1": layout.management(host)}
        given = [f"address add {address}/24 dev {name}" for name, address in addresses.items()]
        _ip(process, [*given, *(f"link set {name} up" for name in ("lo", *addresses))])


def _ip(process: Process | None, lines: list[str]) -> None:
    enter = ["nsenter", "--target", str(process.pid), "--net", "--"] if process else []
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run([*enter, "ip", "-batch", "-"], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip said: {done.stderr.strip()}")
