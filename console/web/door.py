"""Who is let in: a token that works once or a password, and the sessions of those who were."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

TRIES = 5
"""Wrong passwords, whoever gave them, until nobody is asked for a while."""
WAIT_S = 60.0


@dataclass(slots=True)
class Guest:
    """Somebody who was let in."""

    name: str
    """How, and from where: `link from 127.0.0.1`."""
    seen_s: float


class Door:
    """One door; its clock is monotonic seconds."""

    def __init__(self, password: str | None, idle_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.token = "" if password else secrets.token_urlsafe(32)
        """Of the link that works once; empty where there is a password, and after it was used."""
        self._password = password
        self._idle_s = idle_s
        self._clock = clock
        self._guests: dict[str, Guest] = {}
        self._wrong = 0
        self._closed_until_s = 0.0

    @property
    def asks_password(self) -> bool:
        """There is a password to give."""
        return self._password is not None

    @property
    def wait_s(self) -> float:
        """For how long nobody is asked after too many wrong answers."""
        return max(0.0, self._closed_until_s - self._clock())

    def by_token(self, token: str, whence: str) -> str | None:
        """The new session's cookie; None for any other token, and for the right one the second time."""
        if not self.token or not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        self.token = ""
        return self._let_in(f"link from {whence}")

    def by_password(self, password: str, whence: str) -> str | None:
        """The new session's cookie; None for a wrong one, and for any while nobody is asked."""
        if self._password is None or self.wait_s:
            return None
        if not hmac.compare_digest(password.encode(), self._password.encode()):
            self._wrong += 1
            if self._wrong >= TRIES:
                self._wrong, self._closed_until_s = 0, self._clock() + WAIT_S
            return None
        self._wrong = 0
        return self._let_in(f"password from {whence}")

    def guest(self, cookie: str) -> Guest | None:
        """Who has that cookie; None when nobody has, or has done nothing for too long."""
        guest = self._guests.get(cookie)
        if guest is not None and self._clock() - guest.seen_s > self._idle_s:
            del self._guests[cookie]
            return None
        return guest

    def touch(self, cookie: str) -> None:
        """Its guest has just done something."""
        if guest := self.guest(cookie):
            guest.seen_s = self._clock()

    def _let_in(self, name: str) -> str:
        for cookie in list(self._guests):
            self.guest(cookie)  # the sessions that are over go
        cookie = secrets.token_urlsafe(32)
        self._guests[cookie] = Guest(name, self._clock())
        return cookie
