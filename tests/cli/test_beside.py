"""A loop beside a prompt: questions are asked in the main thread, and Ctrl-C is heard there."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator

import click
import pytest

from console.cli.beside import Beside


@pytest.fixture
def beside() -> Iterator[Beside]:
    beside = Beside()
    yield beside
    beside.close()


async def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_question_is_asked_in_the_main_thread(beside: Beside) -> None:
    async def work() -> tuple[threading.Thread, threading.Thread]:
        return await beside.ask(threading.current_thread), threading.current_thread()

    asked, worked = beside.run(work())
    assert asked is threading.main_thread()
    assert worked is not asked


def test_a_question_that_nobody_answers_aborts_what_asked(beside: Beside) -> None:
    def nobody() -> str:
        raise EOFError

    async def work() -> str:
        try:
            return await beside.ask(nobody)
        except click.Abort:
            return "aborted"

    assert beside.run(work()) == "aborted"


def test_ctrl_c_gives_up_what_cannot_be_stopped(beside: Beside) -> None:
    async def work() -> None:
        await interrupt()
        await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        beside.run(work())


def test_ctrl_c_asks_what_is_meant_of_what_can_be_stopped(beside: Beside) -> None:
    told: list[str] = []
    stopped = threading.Event()

    def stop(why: str) -> None:
        told.append(why)
        stopped.set()

    async def work() -> str:
        await interrupt()
        await asyncio.to_thread(stopped.wait)
        return "came to its end"

    beside.stops.append(stop)
    beside.interrupted = lambda: beside.stops[-1]("SIGINT")
    assert beside.run(work()) == "came to its end"
    assert told == ["SIGINT"]


def test_what_was_raised_beside_is_raised_here(beside: Beside) -> None:
    async def work() -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        beside.run(work())
