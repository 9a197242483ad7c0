"""What went wrong on the way to a host, in sentences that carry the mend."""

import socket

import asyncssh

from console.ports.protocols import ShellError

from .way import Target, Way


def connect_problem(
    error: Exception, name: str, target: Target | None, unknown_key: asyncssh.SSHKey | None, way: Way
) -> str:
    """Why there is no connection to a host."""
    if target is None:
        return f"{name}: the SSH configuration {way.config} cannot be used: {error}"
    place = f"{name} ({target.host} port {target.port})"
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return _host_key(error, name, target, unknown_key)
        case asyncssh.PermissionDenied():
            return (
                f"{name} lets user {target.options.username} in with none of: {target.keys}; "
                f"add the public key there, with ssh-copy-id {name}"
            )
        case asyncssh.KeyExchangeFailed():
            return (
                f"{name}: no algorithm in common; where known_hosts holds another kind of key than the host offers, "
                f"connect once with ssh {name}: {error.reason}"
            )
        case asyncssh.ChannelOpenError():
            return f"{place}: its jump host {target.jump} cannot reach it: {error.reason}"
        case TimeoutError():
            return f"{place}: no connection within {way.connect_timeout_s:g} s; is the host up and its firewall open?"
        case socket.gaierror():
            return f"{name}: name {target.host} cannot be resolved; give it a HostName or its node an address"
        case ConnectionRefusedError():
            return f"{place} refused the connection: see that sshd runs there, and on this port"
        case FileNotFoundError():
            return f"{name}: {error.filename} does not exist; the SSH configuration names it"
    return f"{place}: {getattr(error, 'strerror', None) or error or type(error).__name__}"


def jump_problem(problem: ShellError, name: str, target: Target | None) -> str:
    """The same, told as the jump host's where it is that."""
    return f"{name}: its jump host {target.jump} failed: {problem}" if target and target.jump else str(problem)


def socket_problem(error: Exception, path: str) -> str:
    """Why a unix socket on a host could not be opened; sshd says no more of it than that it could not."""
    said = error.reason if isinstance(error, asyncssh.Error) else str(error) or type(error).__name__
    return (
        f"{path} cannot be opened there ({said}): is its owner running, is our user in its group, "
        "and does sshd_config say AllowStreamLocalForwarding yes?"
    )


def _host_key(error: asyncssh.HostKeyNotVerifiable, name: str, target: Target, key: asyncssh.SSHKey | None) -> str:
    if key is None:  # a certificate, or a revoked key
        return f"{name}: {error.reason}; its host key is not trusted"
    if known_keys(target):
        return (
            f"the host key of {name} CHANGED to {key.get_fingerprint()}, which is not the one in known_hosts: "
            f"find out why first; only then ssh-keygen -R {known_name(target)}"
        )
    return (
        f"the host key of {name} is not in known_hosts ({key.get_fingerprint()}): compare this fingerprint with the "
        f"host's own, then: watchkeeper hosts trust {name}"
    )


def known_keys(target: Target) -> list[asyncssh.SSHKey]:
    """The keys that known_hosts has for a host."""
    port = target.port if target.port != asyncssh.DEFAULT_PORT else None
    name = target.options.host_key_alias or target.host
    return list(asyncssh.match_known_hosts(target.known_hosts, name, "", port)[0])


def is_revoked(target: Target, key: asyncssh.SSHKey) -> bool:
    """known_hosts has the key as `@revoked`.

    Asked by the whole name: asyncssh forgets what is revoked for a port where nothing else is known for it.
    """
    return key in asyncssh.match_known_hosts(target.known_hosts, known_name(target, quoted=False), "", None)[2]


def known_name(target: Target, *, quoted: bool = True) -> str:
    """What a host is called in known_hosts; quoted for a shell where it has a port."""
    name = target.options.host_key_alias or target.host
    if target.port == asyncssh.DEFAULT_PORT:
        return str(name)
    return f"'[{name}]:{target.port}'" if quoted else f"[{name}]:{target.port}"
