"""What every balancer does."""

from collections.abc import Awaitable, Callable, Mapping

from console.cluster.snapshot import Admin, Health, PoolMember
from console.contract.balancer_subject import BalancerSubject, Place
from console.contract.behaviour import Suite, expect, refused, within
from console.contract.telling import raw_documents
from console.ports.protocols import (
    AddsServers,
    EndsSessions,
    LineChange,
    Persists,
    SetsAdmin,
    SetsWeight,
    TellsRaw,
)

HOSTILE = ("{0}; disable frontend app", "{0}\nset server app/app1 state maint", "{0} {0}", "")
"""Names that a careless plugin would send as a second command."""
WEIGHT = 7
"""Of a server that is added."""


BALANCER: Suite[BalancerSubject] = Suite("balancer")


@BALANCER.behaviour()
async def a_look_tells_every_server_of_every_backend(subject: BalancerSubject) -> None:
    view = await subject.look()
    expect(view.writable is True, f"expected that it may be changed, got {view.writable}: {view.reason}")
    expect(view.process_id, "expected a process id, which tells a restart")
    told = {(server.backend, server.server) for server in view.servers}
    expect(told == set(subject.before), f"expected {sorted(subject.before)}, got {sorted(told)}")
    expect({s.balancer for s in view.servers} == {subject.name}, f"expected all to name {subject.name}")


@BALANCER.behaviour()
async def sessions_are_told_or_said_to_be_unknown_and_never_taken_for_none(subject: BalancerSubject) -> None:
    for place, server in (await subject.places()).items():
        told = server.sessions is not None
        expect(
            told is subject.counts, f"{place}: expected sessions to be told: {subject.counts}, got {server.sessions}"
        )


@BALANCER.behaviour()
async def stickiness_is_told_a_backend(subject: BalancerSubject) -> None:
    for place, server in (await subject.places()).items():
        wanted = place[0] in subject.sticky
        expect(server.sticky is wanted, f"{place}: expected sticky to be {wanted}, got {server.sticky}")


@BALANCER.behaviour(needs=(TellsRaw,))
async def raw_documents_are_read_and_nothing_is_changed_by_that(subject: BalancerSubject) -> None:
    before = await subject.places()
    documents = await raw_documents(subject.port, subject.name)
    expect(any(one.text for one in documents), f"expected a text, got {[one.problem for one in documents]}")
    await _unchanged(subject, before)


@BALANCER.behaviour(needs=(SetsAdmin,), changes=True)
async def an_administrative_state_is_read_back_and_setting_it_twice_is_once(subject: BalancerSubject) -> None:
    drains = not (await subject.pool()).refuses_drain
    for admin in (*([Admin.DRAIN] if drains else []), Admin.MAINT, Admin.READY):
        await subject.able.set_admin(subject.backend, subject.server, admin)
        await subject.able.set_admin(subject.backend, subject.server, admin)
        found = await subject.at()
        expect(found.admin is admin, f"expected {admin}, got {found.admin}")
        if subject.elsewhere:
            other = await subject.at(subject.elsewhere)
            expect(other.admin is Admin.READY, f"expected ready in {subject.elsewhere}, got {other.admin}")


@BALANCER.behaviour(needs=(SetsAdmin,), changes=True)
async def a_drained_server_takes_no_new_traffic_and_is_still_checked_or_a_drain_is_refused(
    subject: BalancerSubject,
) -> None:
    pool, before = await subject.pool(), await subject.places()
    drained = subject.able.set_admin(subject.backend, subject.server, Admin.DRAIN)
    if pool.refuses_drain:
        await refused(drained, f"a drain, of which it is told: {pool.refuses_drain}")
        await _unchanged(subject, before)
        return
    await drained
    found = await subject.at()
    expect(not found.serving, "expected a drained server to take no new traffic")
    expect(found.check is Health.UP, f"expected its check to go on and to find it up, got {found.check_says}")


@BALANCER.behaviour(needs=(SetsAdmin,), changes=True)
async def what_is_not_there_is_refused_and_nothing_changes(subject: BalancerSubject) -> None:
    before = await subject.places()
    for backend, server in ((subject.backend, "none"), ("nothing", subject.server)):
        await refused(subject.able.set_admin(backend, server, Admin.MAINT), f"maintenance of {backend}/{server}")
    await _unchanged(subject, before)


@BALANCER.behaviour(needs=(SetsAdmin,), changes=True)
async def a_name_that_could_be_a_second_command_is_refused_and_nothing_changes(subject: BalancerSubject) -> None:
    before = await subject.places()
    for name in (hostile.format(subject.server) for hostile in HOSTILE):
        await refused(subject.able.set_admin(subject.backend, name, Admin.MAINT), f"maintenance of {name!r}")
    await _unchanged(subject, before)


@BALANCER.behaviour(needs=(EndsSessions,), changes=True)
async def sessions_can_be_ended(subject: BalancerSubject) -> None:
    await subject.able.end_sessions(subject.backend, subject.server)
    found = await subject.at()
    expect(found.sessions == 0, f"expected no session to be left, got {found.sessions}")


@BALANCER.behaviour(needs=(AddsServers, SetsWeight), when=BalancerSubject.takes_servers)
async def every_backend_tells_how_servers_join_it(subject: BalancerSubject) -> None:
    view = await subject.look()
    expect({pool.name for pool in view.pools} == set(view.backends), f"expected a word on each of {view.backends}")
    for pool in view.pools:
        expect(not pool.refuses_servers, f"expected {pool.name} to take servers, got {pool.refuses_servers}")
        expect(not pool.refuses_weights, f"expected {pool.name} to take weights, got {pool.refuses_weights}")
        line = pool.line_of("x", "10.0.0.1:80", WEIGHT)
        expect(pool.lasts or "10.0.0.1:80" in line, f"expected the line that outlives a reload, got {line!r}")


@BALANCER.behaviour(needs=(SetsAdmin, AddsServers), changes=True, when=BalancerSubject.takes_servers)
async def a_server_that_is_added_stands_in_maintenance_and_is_told_to_be_of_this_run_only_where_it_is(
    subject: BalancerSubject,
) -> None:
    pool, added = await subject.pool(), await _added(subject)
    expect(added.admin is Admin.MAINT, f"expected maintenance, got {added.admin}")
    expect(added.weight == WEIGHT, f"expected weight {WEIGHT}, got {added.weight}")
    none = 0 if subject.counts else None
    expect(added.sessions == none, f"expected {none} sessions, got {added.sessions}")
    expect(added.address == subject.new_address, f"expected {subject.new_address}, got {added.address}")
    expect(added.dynamic is not pool.lasts, f"expected dynamic to be {not pool.lasts}, got {added.dynamic}")
    expect((await subject.at()).dynamic is False, "expected a server of the configuration not to be of this run only")


@BALANCER.behaviour(needs=(SetsAdmin, AddsServers), changes=True, when=BalancerSubject.takes_servers)
async def a_server_that_is_added_takes_traffic_when_ready_and_where_there_are_checks_is_checked_before(
    subject: BalancerSubject,
) -> None:
    pool, _ = await subject.pool(), await _added(subject)
    if pool.checks:
        await subject.able.enable_check(subject.backend, subject.new)
        await subject.able.enable_check(subject.backend, subject.new)
    if pool.checks and not pool.refuses_drain:
        await subject.able.set_admin(subject.backend, subject.new, Admin.DRAIN)
        tried = await _seen(subject, lambda server: server.check is Health.UP, "its check finds it up")
        expect(tried.checked, "expected to be told that it is checked")
        expect(not tried.serving, "expected no traffic for a server that is drained")
    await subject.able.set_admin(subject.backend, subject.new, Admin.READY)
    serving = await _seen(subject, lambda server: server.serving, "it takes traffic")
    expect(serving.checked is pool.checks, f"expected checked to be {pool.checks}, got {serving.checked}")
    expect(not pool.checks or serving.check is Health.UP, f"expected its check to find it up, got {serving.check_says}")


@BALANCER.behaviour(needs=(SetsAdmin, AddsServers), changes=True, when=BalancerSubject.takes_servers)
async def a_name_that_is_there_is_not_added_again(subject: BalancerSubject) -> None:
    await _added(subject)
    before = await subject.places()
    await refused(_add(subject), f"{subject.new} once more")
    await _unchanged(subject, before)


@BALANCER.behaviour(needs=(SetsAdmin, AddsServers), changes=True, when=BalancerSubject.takes_servers)
async def only_a_server_in_maintenance_is_deleted_and_one_that_is_gone_is_deleted(subject: BalancerSubject) -> None:
    pool, _ = await subject.pool(), await _added(subject)
    await subject.able.set_admin(subject.backend, subject.new, Admin.READY if pool.refuses_drain else Admin.DRAIN)
    await refused(
        subject.able.delete_server(subject.backend, subject.new), "the deletion of a server not in maintenance"
    )
    await subject.able.set_admin(subject.backend, subject.new, Admin.MAINT)
    await subject.able.delete_server(subject.backend, subject.new)
    await subject.able.delete_server(subject.backend, subject.new)
    expect((subject.backend, subject.new) not in await subject.places(), "expected it to be gone")


@BALANCER.behaviour(needs=(SetsAdmin, AddsServers), changes=True, when=BalancerSubject.takes_servers)
async def a_server_of_the_configuration_that_is_deleted_is_missed_where_it_comes_back_and_is_added_as_it_was(
    subject: BalancerSubject,
) -> None:
    backend = subject.elsewhere or subject.backend
    before = await subject.at(backend)
    await subject.able.set_admin(backend, subject.server, Admin.MAINT)
    await subject.able.delete_server(backend, subject.server)
    for pool in (await subject.look()).pools:
        missed = (subject.server,) if pool.name == backend and not pool.lasts else ()
        expect(pool.missing == missed, f"expected {pool.name} to miss {missed}, got {pool.missing}")
    await subject.able.add_server(
        backend, subject.server, address=before.address, weight=before.weight, options=before.options
    )
    if before.checked:
        await subject.able.enable_check(backend, subject.server)
    await subject.able.set_admin(backend, subject.server, Admin.READY)

    async def look() -> PoolMember:
        return await subject.at(backend)

    after = await within(look, lambda server: server.check is before.check, "checked as before")
    for told in ("admin", "address", "weight", "options", "checked", "dynamic"):
        was, now = getattr(before, told), getattr(after, told)
        expect(now == was, f"expected {told} to be {was!r} again, got {now!r}")
    pinned = before.sticky and subject.pins_added
    expect(after.sticky is pinned, f"expected sticky to be {pinned}, got {after.sticky}")


@BALANCER.behaviour(needs=(SetsWeight,), changes=True)
async def a_weight_is_read_back_and_setting_it_twice_is_once(subject: BalancerSubject) -> None:
    for weight in (WEIGHT, WEIGHT, 256, subject.least_weight):
        await subject.able.set_weight(subject.backend, subject.server, weight)
        found = await subject.at()
        expect(found.weight == weight, f"expected weight {weight}, got {found.weight}")
    takes = subject.least_weight > 0
    expect(found.serving is takes, f"expected traffic at weight {subject.least_weight}: {takes}, got {found.serving}")
    if subject.elsewhere:
        expect((await subject.at(subject.elsewhere)).serving, f"expected {subject.elsewhere} to be as it was")


@BALANCER.behaviour(needs=(SetsWeight,), changes=True)
async def a_weight_out_of_range_is_refused(subject: BalancerSubject) -> None:
    before = await subject.places()
    for weight in (subject.least_weight - 1, 257):
        await refused(subject.able.set_weight(subject.backend, subject.server, weight), f"weight {weight}")
    await _unchanged(subject, before)


@BALANCER.behaviour(needs=(SetsWeight,), changes=True)
async def the_weight_of_what_is_not_there_is_refused(subject: BalancerSubject) -> None:
    for backend, server in ((subject.backend, "none"), ("nothing", subject.server)):
        await refused(subject.able.set_weight(backend, server, 5), f"a weight for {backend}/{server}")


@BALANCER.behaviour(needs=(AddsServers,), changes=True, when=BalancerSubject.takes_servers)
async def no_server_of_a_name_that_could_be_a_second_command_is_added(subject: BalancerSubject) -> None:
    before = await subject.places()
    for name in (hostile.format(subject.new) for hostile in HOSTILE):
        await refused(_add(subject, name), f"the addition of {name!r}")
    await _unchanged(subject, before)


@BALANCER.behaviour(needs=(Persists,), changes=True)
async def a_line_is_written_read_again_and_taken_out_and_nothing_else_changes(subject: BalancerSubject) -> None:
    before = await subject.pool()
    expect(not before.refuses_lines, f"expected lines to be written, got {before.refuses_lines}")
    line = before.line_of(subject.new, subject.new_address, WEIGHT)
    await _write(subject, None, line)
    await _write(subject, None, line)
    found = (await subject.pool()).line_written(subject.new)
    expect(found and found.line == line, f"expected {line!r} to be written, got {found}")
    expect(found and found.weighed.replace("{weight}", str(WEIGHT)) == line, f"expected its weight apart, got {found}")
    for other in before.written:
        now = (await subject.pool()).line_written(other.server)
        expect(now == other, f"expected {other.line!r} to stay, got {now}")
    await _write(subject, line, None)
    expect((await subject.pool()).written == before.written, "expected the lines to be as before")


@BALANCER.behaviour(needs=(Persists,), changes=True)
async def a_line_that_reads_otherwise_than_was_seen_is_not_overwritten(subject: BalancerSubject) -> None:
    before = (await subject.pool()).written
    change = LineChange(subject.backend, subject.server, "what nobody wrote", None)
    await refused(subject.able.write_lines([change]), "a line that was changed meanwhile")
    expect((await subject.pool()).written == before, "expected every line to be as before")


async def _write(subject: BalancerSubject, before: str | None, after: str | None) -> None:
    await subject.able.write_lines([LineChange(subject.backend, subject.new, before, after)])


async def _unchanged(subject: BalancerSubject, before: Mapping[Place, PoolMember]) -> None:
    def told(places: Mapping[Place, PoolMember]) -> dict[Place, tuple[Admin, int]]:
        return {place: (server.admin, server.weight) for place, server in places.items()}

    was, now = told(before), told(await subject.places())
    expect(now == was, f"expected nothing to change, got {now} after {was}")


async def _add(subject: BalancerSubject, name: str | None = None) -> None:
    new = subject.new if name is None else name
    options = (await subject.pool()).options_of(new)
    await subject.able.add_server(subject.backend, new, address=subject.new_address, weight=WEIGHT, options=options)


async def _added(subject: BalancerSubject) -> PoolMember:
    await _add(subject)
    return await subject.at(server=subject.new)


async def _seen(subject: BalancerSubject, wanted: Callable[[PoolMember], bool], says: str) -> PoolMember:
    """The new server, once it is so."""

    def look() -> Awaitable[PoolMember]:
        return subject.at(server=subject.new)

    return await within(look, wanted, says)
