"""Secrets: named in the cluster file, never standing in it, never printed."""

import os
from pathlib import Path

KINDS = ("env", "file", "keyring")
"""Where a secret may be."""


class Secret:
    """A value that prints as `***`; made from `{ env = … }`, `{ file = … }` or `{ keyring = "service/user" }`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: for the wire only."""
        return self._value

    def __repr__(self) -> str:
        return "***"


def resolve(reference: object) -> Secret:
    """Read the secret that a reference names. Raises ValueError with what was expected and the mend."""
    if isinstance(reference, str):
        raise ValueError(
            'a secret does not stand in the file: name it as { env = "…" }, { file = "…" } or { keyring = "…" }'
        )
    if not isinstance(reference, dict) or len(reference) != 1:
        raise ValueError('expected one of { env = "…" }, { file = "…" }, { keyring = "…" }')
    [(kind, name)] = reference.items()
    if not isinstance(name, str):
        raise ValueError(f"expected a name in {kind} = …, got {type(name).__name__}")
    if kind == "env":
        return _from_environment(name)
    if kind == "file":
        return _from_file(Path(name).expanduser())
    if kind == "keyring":
        return _from_keyring(name)
    raise ValueError(f"unknown kind of secret '{kind}'; there are: {', '.join(KINDS)}")


def _from_environment(name: str) -> Secret:
    if not (value := os.environ.get(name)):
        raise ValueError(f"environment variable {name} is not set; export it before starting")
    return Secret(value)


def _from_file(path: Path) -> Secret:
    try:
        value = path.read_text("utf-8").strip()
        exposed = path.stat().st_mode & 0o077
    except OSError as error:
        raise ValueError(f"secret file {path} cannot be read: {error.strerror}") from None
    if exposed:
        raise ValueError(f"secret file {path} is readable by others; chmod 600 {path}")
    if not value:
        raise ValueError(f"secret file {path} is empty")
    return Secret(value)


def _from_keyring(name: str) -> Secret:
    import keyring  # a desktop's back ends are slow to import, and most bastions have none
    from keyring.errors import KeyringError

    service, _, user = name.partition("/")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise ValueError(f"the keyring could not be read for {name}: {error}") from None
    if not value:
        raise ValueError(f"the keyring has no entry {name}; set it with: keyring set {service} {user}")
    return Secret(value)
