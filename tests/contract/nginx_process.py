"""A real nginx in a folder of its own, without root: for the contract and for the plugin's own tests."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.cluster.layout import NodeLine
from plugins.nginx import Nginx

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True)
class NginxProcess:
    """One that runs: its folder, and where it listens."""

    folder: Path
    url: str
    program: tuple[str, ...]

    @property
    def settings(self) -> Nginx.Settings:
        return Nginx.Settings(
            host="local", program=self.program, pid_file=str(self.folder / "nginx.pid"), deadline_s=10.0
        )

    @property
    def app(self) -> Path:
        """The file with the upstream `app`."""
        return self.folder / "conf.d" / "app.conf"

    @property
    def web(self) -> Path:
        """A link to the file with the upstream `web`, whose servers stand in a third file."""
        return self.folder / "conf.d" / "web.conf"


@contextmanager
def nginx_process(binary: str, addresses: Sequence[str]) -> Iterator[NginxProcess]:
    """Two upstreams with these servers each; ended with the block."""
    folder = Path(tempfile.mkdtemp(prefix="wk", dir="/tmp"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
    for name in ("conf.d", "sites", "servers"):
        (folder / name).mkdir()
    temporary = "".join(f"    {name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
    (folder / "nginx.conf").write_text(f"""\
daemon off;
pid {folder}/nginx.pid;
worker_processes 2;
events {{}}
http {{
    access_log off;
{temporary}    include conf.d/*.conf;
    server {{
        listen {listen};
        location / {{ proxy_pass http://app; }}
        location /web/ {{ proxy_pass http://web; }}
    }}
}}
""")
    servers = "".join(f"    server {address} weight=100 max_fails=2;\n" for address in addresses)
    (folder / "conf.d" / "app.conf").write_text(f"upstream app {{\n{servers}}}\n")
    (folder / "servers" / "web.conf").write_text(servers)
    (folder / "sites" / "web").write_text("upstream web {\n    ip_hash;\n    include servers/web.conf;\n}\n")
    (folder / "conf.d" / "web.conf").symlink_to("../sites/web")
    program = (binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"))
    try:
        with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:
            try:
                yield NginxProcess(folder, f"http://{listen}/", program)
            finally:
                process.terminate()
    finally:
        shutil.rmtree(folder)


def nodes_at(addresses: Sequence[str]) -> tuple[NodeLine, ...]:
    """app1, app2, app3 and app9, as the cluster file would have them."""
    lines = []
    for name, address in zip(("app1", "app2", "app3", "app9"), addresses, strict=True):
        host, _, port = address.rpartition(":")
        lines.append(NodeLine(name=name, address=host, port=int(port), roles=("app",)))
    return tuple(lines)


def installed(program: str) -> str:
    """Where a program of the system is; the test is skipped where it is not."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/local/sbin")
    return found or pytest.skip(f"no {program} is installed")
