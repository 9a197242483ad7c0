"""What every way to a node's service and size does."""

from dataclasses import dataclass, fields

from console.cluster.snapshot import ServiceState, Size
from console.cluster.views import ServiceView, SizeView
from console.contract.behaviour import Suite, expect, within
from console.ports.protocols import ServicePort, SizePort, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSubject:
    """The service of a node that may be stopped, running at first."""

    port: ServicePort
    node: str

    async def restore(self) -> None:
        """It runs again."""
        await self.port.turn("start")

    async def seen(self, state: ServiceState) -> ServiceView:
        """The view once it is so."""
        return await within(self.port.look, lambda view: view.state is state, f"expected {state}")


SERVICE: Suite[ServiceSubject] = Suite("service")


@SERVICE.behaviour()
async def a_running_service_is_told_as_running(subject: ServiceSubject) -> None:
    view = await subject.port.look()
    expect(view.node == subject.node, f"expected the name {subject.node!r}, got {view.node!r}")
    expect(view.state is ServiceState.RUNNING, f"expected running, got {view.state}: {view.reason}")
    expect(not view.forbidden, f"expected that we may turn it: {view.forbidden}")


@SERVICE.behaviour()
async def the_commands_are_told_before_they_are_run(subject: ServiceSubject) -> None:
    verbs: tuple[Verb, ...] = ("start", "stop")
    for verb in verbs:
        expect(subject.port.command(verb).strip(), f"expected the command of {verb}")


@SERVICE.behaviour(changes=True)
async def a_stopped_service_is_told_as_stopped_and_starts_again(subject: ServiceSubject) -> None:
    await subject.port.turn("stop")
    await subject.seen(ServiceState.STOPPED)
    await subject.port.turn("start")
    await subject.seen(ServiceState.RUNNING)


@SERVICE.behaviour(changes=True)
async def stopping_twice_is_once_and_starting_twice_too(subject: ServiceSubject) -> None:
    turns: tuple[tuple[Verb, ServiceState], ...] = (("stop", ServiceState.STOPPED), ("start", ServiceState.RUNNING))
    for verb, state in turns:
        await subject.port.turn(verb)
        await subject.port.turn(verb)
        await subject.seen(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeSubject:
    """The size of a node, and another one that it can be given; where `live` is false, its service too."""

    port: SizePort
    node: str
    before: Size
    """As it was read before anything was changed."""
    other: Size
    """With the fields that can be changed."""
    service: ServicePort | None = None

    async def restore(self) -> None:
        """As before, for every field that was changed."""
        await self.become(self.before.only(self.other))

    async def become(self, size: Size) -> None:
        """Resized as an operator would: between a stop and a start where it is not live."""
        live = (await self.port.look()).live
        if not live and self.service:
            await self.service.turn("stop")
        await self.port.resize(size)
        if not live and self.service:
            await self.service.turn("start")

    async def seen(self, size: Size) -> SizeView:
        """The view once it tells these values."""

        def as_asked(view: SizeView) -> bool:
            return view.size is not None and view.size.only(size) == size

        return await within(self.port.look, as_asked, f"expected {size}")


SIZE: Suite[SizeSubject] = Suite("size")


@SIZE.behaviour()
async def the_size_is_read_with_what_is_in_use(subject: SizeSubject) -> None:
    view = await subject.port.look()
    expect(view.node == subject.node, f"expected the name {subject.node!r}, got {view.node!r}")
    expect(view.size is not None, f"expected a size: {view.reason}")
    expect(view.size != Size(), "expected at least one value")
    expect(not view.forbidden, f"expected that we may resize it: {view.forbidden}")
    within_it = view.in_use_bytes is None or view.in_use_bytes >= 0
    expect(within_it, f"expected the bytes in use, got {view.in_use_bytes}")


@SIZE.behaviour()
async def no_value_is_beyond_the_most_that_it_can_be_given(subject: SizeSubject) -> None:
    view = await subject.port.look()
    for field in fields(Size):
        now, most = getattr(view.size, field.name), getattr(view.most, field.name)
        expect(now is None or most is None or now <= most, f"expected {field.name} of at most {most}, got {now}")


@SIZE.behaviour()
async def the_command_is_told_before_it_is_run(subject: SizeSubject) -> None:
    await subject.port.look()
    expect(subject.port.resize_command(subject.other).strip(), "expected the command")


@SIZE.behaviour(changes=True)
async def another_size_is_read_back_and_so_is_the_one_before(subject: SizeSubject) -> None:
    await subject.become(subject.other)
    await subject.seen(subject.other)
    before = subject.before.only(subject.other)
    await subject.become(before)
    await subject.seen(before)


@SIZE.behaviour(changes=True)
async def what_is_not_asked_for_stays(subject: SizeSubject) -> None:
    for field in fields(Size):
        value = getattr(subject.other, field.name)
        if value is None:
            continue
        await subject.become(Size(**{field.name: value}))
        view = await subject.seen(Size(**{field.name: value}))
        for other in fields(Size):
            if other.name != field.name:
                expect(
                    getattr(view.size, other.name) == getattr(subject.before, other.name),
                    f"{field.name} was changed and {other.name} with it",
                )
        await subject.restore()
