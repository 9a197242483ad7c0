"""Changing: plan, the dry run, and run, the same plan carried out."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import click

from console.change.action import Action, Value
from console.change.actions import ACTIONS, action_named
from console.change.document import aftercare_document, event_document, plan_document
from console.change.events import Event, Outcome
from console.change.plan import Plan
from console.change.run import Confirmation, Run
from console.cli.see import asked, open_session, say_json, waited
from console.cli.settings import Mistake, settings, shared
from console.cli.words import print_aftercare, print_event, print_plan
from console.cluster.text import clean
from console.ports.clusterfile import ClusterFile
from console.session import Session

WATCHED_BEFORE_S = 21.0
"""So much of before is needed to compare with."""
EXIT_CODES = {
    Outcome.DONE: 0,
    Outcome.REFUSED: 3,
    Outcome.FAILED: 4,
    Outcome.UNKNOWN: 5,
    Outcome.PARTIAL: 130,
}


CHOICES = {
    "wait": "wait for the last session without a limit",
    "extend": "wait as long again",
    "end-sessions": "cut the sessions that are left",
    "undo": "put it back as it was",
}
"""What each answer to a step that waits does."""
Word = TypeVar("Word", bound=str)

CONFIRMING = (
    click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the journal."),
    click.option("--yes", is_flag=True, help="Say yes to a safe plan."),
    click.option("--confirm", metavar="WORDS", help="Say yes to a degraded or unsafe plan, in its own words."),
)
"""The options of every verb that changes something."""


class Verbs(click.Group):
    """A group whose verbs are the actions; a wrong one is told with the nearest and all names."""

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """The action's command. Raises PlanError with the nearest name."""
        if args and not args[0].startswith("-"):
            action_named(args[0])
        return super().resolve_command(context, args)


@click.group(cls=Verbs)
def plan() -> None:
    """The dry run of an action: checks, impact, steps, undo, hash. Exit code 3 when it would be refused."""


@click.group(cls=Verbs)
def run() -> None:
    """Carry out an action: checked again, journalled, proved, undone when it fails."""


def confirmed(reason: str, yes: bool, confirm: str | None) -> Confirmation:
    """What was said to a plan. Raises Mistake when that was nothing."""
    if not yes and confirm is None:
        raise Mistake("nothing was confirmed: give --yes for a safe plan, or --confirm WORDS as `plan` tells")
    return Confirmation(a_reason(reason), confirm)


def a_reason(reason: str) -> str:
    """As it was given, or asked for at a prompt. Raises Mistake."""
    if not reason.strip() and settings().asks:
        reason = click.prompt("reason", default="", show_default=False, err=True)
    if not reason.strip():
        raise Mistake("--reason: expected a few words; they stand in the journal")
    return reason


async def agreed(plan: Plan, reason: str, yes: bool, confirm: str | None) -> Confirmation:
    """What was said to a plan; at a prompt it is shown, and what is missing is asked for. Raises Mistake or Exit."""
    if yes or confirm is not None or not settings().asks:
        return confirmed(reason, yes, confirm)
    print_plan(plan)
    if plan.refusals:
        raise click.exceptions.Exit(EXIT_CODES[Outcome.REFUSED])
    reason = await asked(partial(a_reason, reason))
    wanted = plan.confirm_words or "yes"
    question = partial(click.prompt, f"type {wanted} to have it done", default="", show_default=False, err=True)
    if await asked(question) != wanted:
        click.echo(f"that was not {wanted}: nothing was changed", err=True)
        raise click.exceptions.Exit(EXIT_CODES[Outcome.REFUSED])
    return Confirmation(reason, plan.confirm_words, plan_hash=plan.hash)


def _planned(action: Action) -> click.Command:
    def command(target: str, as_json: bool, **parameters: Value) -> None:
        made = waited(_plan(settings().file(), action, target, _given(parameters)))
        if as_json:
            say_json(plan_document(made))
        else:
            print_plan(made)
        if made.refusals:
            raise click.exceptions.Exit(3)

    return _command(action, command, [click.option("--json", "as_json", is_flag=True, help="One JSON document.")])


def _carried_out(action: Action) -> click.Command:
    def command(
        target: str,
        plan_hash: str | None,
        without_lease: bool,
        again: bool,
        watch_after: float,
        as_json: bool,
        yes: bool,
        reason: str,
        confirm: str | None,
        **rest: Value,
    ) -> None:
        if not settings().asks:
            confirmed(reason, yes, confirm)  # what is missing is told before anything is looked at

        async def said(plan: Plan) -> Confirmation:
            answer = await agreed(plan, reason, yes, confirm)
            only = plan_hash or answer.plan_hash
            return replace(answer, plan_hash=only, without_lease=without_lease, again=again)

        file, parameters = settings().file(), _given(rest)
        outcome = waited(_run(file, action, target, parameters, said, as_json, watch_after))
        raise click.exceptions.Exit(EXIT_CODES[outcome])

    options = [
        *CONFIRMING,
        click.option("--plan", "plan_hash", metavar="HASH", help="Carry out only this very plan."),
        click.option("--without-lease", is_flag=True, help="Go on where the set cannot keep the lease."),
        click.option("--again", is_flag=True, help="Acknowledge that the set was changed just now."),
        click.option(
            "--watch-after",
            type=click.FloatRange(min=0, max=900),
            default=0.0,
            metavar="SECONDS",
            help=f"Compare so long after with {WATCHED_BEFORE_S:g} s before; the last line tells it.",
        ),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    ]
    return _command(action, command, options)


def _command(action: Action, body: Callable[..., None], options: list[Any]) -> click.Command:
    for parameter in action.parameters:
        # `--persist` alone says yes.
        flag: dict[str, Any] = {"is_flag": False, "flag_value": "yes"} if parameter.choices == ("no", "yes") else {}
        options.append(
            click.option(
                f"--{parameter.name}",
                parameter.name.replace("-", "_"),
                metavar="|".join(parameter.choices) or parameter.kind.__name__.upper(),
                help=f"{parameter.says}; {parameter.default} unless told",
                **flag,
            )
        )
    needs_target = action.tier != "replica_set"
    for option in (click.argument("target", required=needs_target, default=None if needs_target else ""), *options):
        body = option(body)
    return click.command(action.name, help=action.does + ".")(shared(body))


def _given(parameters: dict[str, Value]) -> dict[str, Value]:
    return {name.replace("_", "-"): value for name, value in parameters.items() if value is not None}


async def _plan(file: ClusterFile, action: Action, target: str, parameters: dict[str, Value]) -> Plan:
    async with open_session(file) as session:
        await session.look(target)
        return session.plan(action.name, target, parameters)


async def _run(
    file: ClusterFile,
    action: Action,
    target: str,
    parameters: dict[str, Value],
    said: Callable[[Plan], Awaitable[Confirmation]],
    as_json: bool,
    watch_after_s: float,
) -> Outcome:
    async with open_session(file, read_only=settings().read_only) as session:
        if watch_after_s:
            click.echo(f"watching {session.cluster} for {WATCHED_BEFORE_S:g} s first", err=True)
            await asyncio.sleep(WATCHED_BEFORE_S)
        await session.look(target)
        for left in session.unfinished():
            click.echo(f"unfinished: {clean(left.says, limit=1000)}", err=True)
        plan = session.plan(action.name, target, parameters)
        started = session.start(plan, await said(plan))
        outcome = await followed(started, as_json)
        if watch_after_s and session.aftercare() is not None:
            await _compared(session, started, as_json, watch_after_s)
        for copy in await session.copy_now():
            if copy.behind or copy.forked:
                click.echo(clean(copy.says, limit=1000), err=True)
        return outcome


async def _compared(session: Session, started: Run, as_json: bool, watch_after_s: float) -> None:
    """What the minutes after were like; a signal ends the watching, and what was seen by then is told."""
    click.echo(f"watching {session.cluster} for {watch_after_s:g} s", err=True)
    ends_s = time.monotonic() + watch_after_s
    with stopped_by_signals(started.stop):
        while True:
            await asyncio.sleep(0.2)
            if time.monotonic() >= ends_s or started.stopped_by:
                break
    found = session.aftercare()
    with contextlib.suppress(OSError):
        if found and as_json:
            say_json(aftercare_document(found, started.id, datetime.now(UTC)))
        elif found:
            print_aftercare(found)


async def followed(started: Run, as_json: bool) -> Outcome:
    """Every event of a run until its end; a signal stops it between two steps."""
    with stopped_by_signals(started.stop):
        async for event in started.follow():
            await _tell(event, started, as_json)
    return await started.finished()


async def _tell(event: Event, started: Run, as_json: bool) -> None:
    with contextlib.suppress(OSError):  # a closed terminal must not end the run
        if as_json:
            say_json(event_document(event))
        else:
            print_event(event)
    if event.choices:
        started.decide(await _choose(event, as_json))


async def _choose(event: Event, as_json: bool) -> str:
    """The operator's choice; without a terminal to ask on, the way back."""
    if as_json or not sys.stdin.isatty():
        return "undo"
    return await asked(
        partial(numbered, "choose", {choice: CHOICES.get(choice, choice) for choice in event.choices}, "wait")
    )


def numbered(asks: str, choices: Mapping[Word, str], default: Word) -> Word:
    """One of several, by its number or its word. Raises click.Abort."""
    for number, (word, does) in enumerate(choices.items(), 1):
        click.echo(f"  {number}  {word}: {does}", err=True)
    words = {word: word for word in choices} | {str(number): word for number, word in enumerate(choices, 1)}
    kind = click.Choice(list(words))
    said = click.prompt(f"{asks} (1 to {len(choices)})", type=kind, default=default, show_choices=False, err=True)
    return words[said]


@contextlib.contextmanager
def stopped_by_signals(stop: Callable[[str], None]) -> Any:
    """SIGHUP, SIGTERM and SIGINT let what is going on come to its end, and begin nothing more."""
    if (beside := settings().beside) is not None:  # where a prompt hears them, and asks what is meant
        beside.stops.append(stop)
        try:
            yield
        finally:
            beside.stops.remove(stop)
        return
    loop = asyncio.get_running_loop()
    signals = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, stop, number.name)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


for each in ACTIONS:
    plan.add_command(_planned(each))
    run.add_command(_carried_out(each))
