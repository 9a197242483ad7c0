"""Secrets: read from where they are named, never printed, and every mistake told with its mend."""

from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from console.ports.secrets import Secret, resolve

CANARY = "s3cr3t-canary"


class Ring(keyring.backend.KeyringBackend):
    """A keyring with one entry."""

    priority = 1.0

    def get_password(self, service: str, username: str) -> str | None:
        if service == "locked":
            raise keyring.errors.KeyringLocked("the collection is locked")
        return CANARY if (service, username) == ("watchkeeper", "monitor") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{CANARY}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_password", Ring().get_password)  # type: ignore[no-untyped-call]


def test_a_secret_prints_as_stars_wherever_it_is_printed() -> None:
    secret = Secret(CANARY)
    assert f"{secret} {secret!r} {secret!s} {[secret]}" == "*** *** *** [***]"
    assert secret.reveal() == CANARY


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WK_PASSWORD", CANARY)
    assert resolve({"env": "WK_PASSWORD"}).reveal() == CANARY


def test_a_secret_comes_from_a_file_without_its_last_line_break(file: Path) -> None:
    assert resolve({"file": str(file)}).reveal() == CANARY


def test_a_secret_comes_from_a_file_in_the_home_directory(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(file.parent))
    assert resolve({"file": "~/password"}).reveal() == CANARY


@pytest.mark.usefixtures("ring")
def test_a_secret_comes_from_the_keyring() -> None:
    assert resolve({"keyring": "watchkeeper/monitor"}).reveal() == CANARY


@pytest.mark.usefixtures("ring")
def test_a_keyring_without_the_entry_says_how_to_set_it() -> None:
    with pytest.raises(ValueError, match="no entry watchkeeper/other; set it with: keyring set watchkeeper other"):
        resolve({"keyring": "watchkeeper/other"})


@pytest.mark.usefixtures("ring")
def test_a_keyring_that_cannot_be_opened_says_why() -> None:
    with pytest.raises(ValueError, match="could not be read for locked/x: the collection is locked"):
        resolve({"keyring": "locked/x"})


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WK_PASSWORD", raising=False)
    if value is not None:
        monkeypatch.setenv("WK_PASSWORD", value)
    with pytest.raises(ValueError, match="WK_PASSWORD is not set; export it"):
        resolve({"env": "WK_PASSWORD"})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_may_read_is_refused_with_the_mend(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ValueError, match=f"readable by others; chmod 600 {file}"):
        resolve({"file": str(file)})


def test_a_file_that_is_empty_or_missing_or_a_directory_is_told(file: Path) -> None:
    file.write_text(" \n")
    with pytest.raises(ValueError, match="is empty"):
        resolve({"file": str(file)})
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        resolve({"file": f"{file}.not"})
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        resolve({"file": str(file.parent)})


def test_a_file_that_is_not_text_is_a_mistake_that_shows_nothing_of_it(file: Path) -> None:
    file.write_bytes(b"\xff" + CANARY.encode())
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - any sentence, but not the secret
        resolve({"file": str(file)})
    assert CANARY not in str(caught.value)


def test_a_secret_in_the_file_itself_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="a secret does not stand in the file") as caught:
        resolve(CANARY)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("reference", [{}, {"env": "A", "file": "B"}, 7, None, ["env", "A"]])
def test_what_names_no_secret_says_what_was_expected(reference: object) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        resolve(reference)


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown kind of secret 'vault'; there are: env, file, keyring"):
        resolve({"vault": "x"})


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a name in env = …, got int"):
        resolve({"env": 7})
