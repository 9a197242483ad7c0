"""The console in a browser."""

import asyncio
import ssl
import sys
from pathlib import Path

import click

from console.cli.settings import Mistake, settings, shared
from console.ports.secrets import resolve

LOOPBACK = ("127.0.0.1", "::1", "localhost")
FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen there; beyond loopback only with TLS.")
@click.option("--port", default=8750, show_default=True, type=click.IntRange(1, 65535))
@click.option("--tls-cert", type=FILE, help="Certificate chain, PEM.")
@click.option("--tls-key", type=FILE, help="Its key, PEM.")
@click.option("--behind-proxy", metavar="URL", help="A proxy with TLS stands in front; browsers come to this address.")
@click.option("--password-file", type=FILE, help="Log in by this password instead of a link that works once.")
@click.option("--idle-min", default=60, show_default=True, type=click.IntRange(1, 24 * 60), help="Then log in again.")
@click.option("--allow-changes", is_flag=True, help="Not read-only: plans can be carried out from a browser.")
@shared
def serve(
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: str | None,
    password_file: Path | None,
    idle_min: int,
    allow_changes: bool,
) -> None:
    """The console in a browser: on loopback, behind a login, read-only unless told otherwise."""
    try:
        from console.web.door import Door
        from console.web.server import Place, WebConsole
    except ImportError as missing:
        raise Mistake(f"serve needs the extra `web` ({missing.name} is missing): install watchkeeper[web]") from None

    path = settings().path().absolute()
    settings().file()  # what is wrong with it is said here, not in every tab
    tls = _tls(tls_cert, tls_key)
    if host not in LOOPBACK and tls is None and behind_proxy is None:
        raise Mistake(f"--host {host}: beyond loopback give --tls-cert and --tls-key, or --behind-proxy https://NAME")
    if behind_proxy is not None and not behind_proxy.startswith("https://"):
        raise Mistake(f"--behind-proxy: expected https://NAME, got {behind_proxy}")
    url = behind_proxy or f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    place = Place(host=host, port=port, public_url=url.rstrip("/"), tls=tls)
    password = _password(password_file) if password_file else None
    door = Door(password, idle_min * 60.0)
    look_only = [] if allow_changes else ["--read-only"]
    where = ["--cluster", str(path), "--state-dir", str(settings().state_dir)]
    server = WebConsole([sys.executable, "-P", "-m", "console", *look_only, *where], place, door)
    try:
        asyncio.run(server.run(lambda: _tell(place.public_url, door.token, allow_changes)))
    except OSError as error:
        raise Mistake(f"cannot listen on {host} port {port}: {error.strerror}; choose another --port") from None


def _tell(url: str, token: str, allow_changes: bool) -> None:
    changes = "changes are allowed, and stand in the journal as yours" if allow_changes else "read-only"
    click.echo(f"serving on {url}, {changes}; Ctrl-C ends it", err=True)
    if token:
        click.echo(f"log in, once: {url}/login?token={token}", err=True)


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Raises Mistake."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise Mistake("--tls-cert and --tls-key go together")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise Mistake(f"--tls-cert {cert}, --tls-key {key}: {error}") from None
    return context


def _password(path: Path) -> str:
    """Raises Mistake for a file that is empty or that others can read."""
    try:
        return resolve({"file": str(path)}).reveal()
    except ValueError as mistake:
        raise Mistake(f"--password-file: {mistake}") from None
