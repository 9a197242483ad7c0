"""Who is let in, and for how long."""

from console.web.door import TRIES, WAIT_S, Door


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_the_token_lets_in_once() -> None:
    door = Door(None, idle_s=60)
    token = door.token
    assert door.by_token("guess", "127.0.0.1") is None
    cookie = door.by_token(token, "127.0.0.1")
    assert cookie is not None
    assert door.by_token(token, "127.0.0.1") is None
    assert door.by_token("", "127.0.0.1") is None
    guest = door.guest(cookie)
    assert guest is not None
    assert guest.name == "link from 127.0.0.1"


def test_there_is_no_token_where_there_is_a_password() -> None:
    door = Door("open sesame", idle_s=60)
    assert door.token == ""
    assert door.by_token("", "127.0.0.1") is None
    assert door.by_password("open sesam", "127.0.0.1") is None
    assert door.by_password("open sesame", "127.0.0.1") is not None


def test_no_password_is_right_where_there_is_none() -> None:
    assert Door(None, idle_s=60).by_password("", "127.0.0.1") is None


def test_after_too_many_wrong_passwords_nobody_is_asked_for_a_while() -> None:
    clock = Clock()
    door = Door("open sesame", 60, clock)
    for _ in range(TRIES):
        assert door.by_password("wrong", "127.0.0.1") is None
    assert door.wait_s == WAIT_S
    assert door.by_password("open sesame", "127.0.0.1") is None
    clock.now_s += WAIT_S
    assert door.by_password("open sesame", "127.0.0.1") is not None


def test_a_session_ends_when_nothing_is_done_in_it() -> None:
    clock = Clock()
    door = Door(None, 60, clock)
    cookie = door.by_token(door.token, "127.0.0.1") or ""
    clock.now_s += 59
    door.touch(cookie)
    clock.now_s += 59
    assert door.guest(cookie) is not None
    clock.now_s += 2
    assert door.guest(cookie) is None
    door.touch(cookie)
    assert door.guest(cookie) is None


def test_nobody_has_a_cookie_that_was_never_given() -> None:
    assert Door(None, 60).guest("") is None
