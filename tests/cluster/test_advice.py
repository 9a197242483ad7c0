from dataclasses import replace
from typing import Any

import pytest

from console.cluster.advice import Advice, advise
from console.cluster.headroom import headroom, servers_needed
from console.cluster.sizing import GB
from console.cluster.snapshot import AppServer, Load, ServerLoad, Size, Snapshot, SpareMember
from console.cluster.whatif import without_left, without_member
from plugins.passwork import SIZING
from tests.cluster.pictures import calm, draining, empty, unknown, with_member, with_members, with_node, with_pools

PEAK = Load(
    over_s=900.0,
    requests_s=60.0,
    errors_s=0.0,
    peak_requests_s=90.0,
    peak_sessions=60,
    servers=tuple(ServerLoad(server=f"app{n}", peak_requests_s=31.0, peak_sessions=20) for n in (1, 2, 3)),
)


def busy(snapshot: Snapshot | None = None, limit: int | None = 100, **load: Any) -> Snapshot:
    loaded = replace(snapshot or calm(), load=replace(PEAK, **load))
    for server in loaded.app_servers:
        loaded = with_pools(loaded, server.name, limit=limit)
    return replace(loaded, load=replace(PEAK, **load))


def says(snapshot: Snapshot, users: int | None = None) -> list[str]:
    return [advice.says for advice in advise(snapshot, SIZING if users else None, users)]


def first(snapshot: Snapshot) -> Advice:
    return advise(snapshot)[0]


def test_a_cluster_with_room_is_told_so_with_the_peak_it_rests_on() -> None:
    (only,) = advise(busy())
    assert only.says == "Nothing is missing for this peak."
    assert only.because == ("the peak was 90 requests/s and 60 sessions, watched for 15 min",)


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        ({"over_s": 40.0}, "Watch for longer: what was seen is little to rest on."),
        ({"peak_requests_s": 0.0}, "No traffic was seen: whether this is enough is not known."),
        ({"peak_requests_s": None}, "No peak was seen yet: whether this is enough is not known."),
    ],
)
def test_what_was_not_seen_is_not_called_enough(load: dict[str, Any], expected: str) -> None:
    assert says(busy(**load)) == [expected]


def test_servers_are_added_until_the_peak_fits_with_one_gone() -> None:
    tight = busy(limit=6)  # in each of four places: 24 sessions a server, of which 19 leave room
    assert servers_needed(tight) == 5
    spare = AppServer(name="app4", address="10.0.1.14:8080")
    advice = first(replace(tight, spare_servers=(spare,)))
    assert (advice.says, advice.action) == ("Add 2 application servers.", "add-server app4")
    assert advice.because == (
        "with one gone, each of 2 would hold 30 sessions at the peak of 60; "
        "80% of their limit is the most that leaves room",
        "a bigger node stays a single point of failure: only more nodes let one fail",
    )
    assert says(busy(limit=9)) == ["Add one application server.", "This rests on the peak that was seen."]
    assert says(busy(limit=10)) == ["Nothing is missing for this peak."]


def test_without_a_limit_the_processors_decide_and_it_is_called_an_estimate() -> None:
    hot = busy(limit=None)
    for name in ("app1", "app2", "app3"):
        hot = with_node(hot, name, load1=4.0, cpus=8)
    hot = replace(hot, load=PEAK)
    advice = first(hot)
    assert advice.says == "Add one application server, or give each 1.4 times the cpus."
    assert "112% of its cpus at the peak, estimated" in advice.because[0]


def test_a_lonely_server_is_not_made_bigger_but_joined_by_another() -> None:
    alone = busy(without_left(without_left(calm(), "app2"), "app3"))
    advice = first(alone)
    assert advice.says == "Add one application server."
    assert advice.because[0] == "1 stands behind the balancers: its loss stops service"


def test_who_is_out_of_service_comes_back_before_a_new_one_is_bought() -> None:
    assert says(busy(draining("app2")))[0] == "Bring app2 back into service."


def test_two_members_become_three() -> None:
    two = replace(with_members(busy(), *busy().replica_set.members[:2]), load=PEAK)
    spare = SpareMember(name="db4", address="10.0.2.14:27017")
    advice = first(replace(two, spare_members=(spare,)))
    assert (advice.says, advice.action) == ("Add one member with data, in other failure domains.", "add-secondary db4")


def test_an_even_number_of_votes_is_made_odd() -> None:
    members = [*calm().replica_set.members, replace(calm().replica_set.members[2], name="db4", address="db4:27017")]
    four = replace(with_members(busy(), *members), load=PEAK)
    advice = first(four)
    assert advice.says == "Add one voting member."
    assert advice.because[0].startswith("4 votes survive no more losses than 3")


def test_a_domain_that_holds_the_majority_is_named() -> None:
    together = replace(with_member(busy(), "db2", domain="rack-a"), load=PEAK)
    assert says(together)[0] == "Move a member out of rack-a, or add two elsewhere."


def test_a_dead_member_comes_back_first() -> None:
    dead = replace(without_member(busy(), "db2"), load=PEAK)
    advice = first(dead)
    assert advice.says == "Bring db2 back before anything else is added."
    assert advice.because == ("2 of 3 votes are known to be up and 2 are needed",)


def test_a_full_host_and_a_small_cache_are_grown_not_multiplied() -> None:
    full = with_node(busy(), "db1", memory_bytes=8 * GB, memory_used_bytes=int(7.6 * GB), size=Size(cpus=4))
    full = replace(with_member(full, "db2", data_bytes=30 * GB, cache_bytes=4 * GB), load=PEAK)
    found = {advice.subject: advice for advice in advise(full)}
    assert (found["db1"].says, found["db1"].action) == ("Give db1 9.5 GB of memory.", "resize db1")
    assert found["db2"].says == "If db2 reads much from disk, give it a cache of up to 30 GB."
    assert found["db2"].because[0] == "its cache holds 4 GB of 30 GB of data"
    assert found["db2"].action == "resize db2"


def test_who_lags_needs_faster_parts() -> None:
    late = replace(with_member(busy(), "db3", lag_s=42.0), load=PEAK)
    assert first(late).says.startswith("Give db3 faster disks or more cpus")
    assert first(late).because[0] == "db3 is 42 s behind"


def test_the_vendors_table_is_held_against_every_node() -> None:
    assert says(busy(), users=400) == ["Nothing is missing for this peak."]
    short = with_node(busy(), "app1", cpus=4, memory_bytes=8 * GB, size=None)
    found = advise(replace(short, load=PEAK), SIZING, users=400)
    assert [(a.subject, a.says) for a in found[:-1]] == [
        ("app1", "Give app1 what is missing: it has 4 of 8 cpus, 8 GB of 12 GB memory.")
    ]
    assert found[0].because == (
        "that is what the vendor asks for up to 500 users: passwork.pro/tech-guides/technical-requirements",
    )


@pytest.mark.parametrize(
    ("users", "app_cpus", "app_gb", "member_gb", "disk_gb"),
    [(50, 4, 4, 2, 100), (51, 8, 6, 4, 150), (500, 8, 12, 8, 200), (1000, 8, 16, 16, 200), (10000, 16, 32, 16, 200)],
)
def test_the_row_is_the_first_that_is_large_enough(
    users: int, app_cpus: int, app_gb: int, member_gb: int, disk_gb: int
) -> None:
    row = SIZING.row(users)
    assert row is not None
    assert (row.app.cpus, row.app.memory_bytes // GB, row.member.memory_bytes // GB) == (app_cpus, app_gb, member_gb)
    assert row.member.disk_bytes == disk_gb * GB


def test_past_the_end_of_the_table_and_without_users_nothing_is_claimed() -> None:
    assert says(busy(), users=10001)[0] == "Ask the vendor: the table ends at 10000 users."
    assert advise(busy(), SIZING)[0].says.startswith("How many people use it is not known here")


def test_a_size_that_cannot_be_read_is_not_called_enough() -> None:
    blind = replace(with_node(busy(), "app1", cpus=None, memory_bytes=None, size=None), load=PEAK)
    assert says(blind, users=50)[0] == "The size of app1 cannot be read: compare it by hand."


def test_a_size_of_its_own_counts_more_than_the_host() -> None:
    capped = replace(with_node(busy(), "app1", size=Size(cpus=2.0, memory_bytes=2 * GB)), load=PEAK)
    assert says(capped, users=50)[0] == "Give app1 what is missing: it has 2 of 4 cpus, 2 GB of 4 GB memory."


def test_headroom_is_told_with_one_gone() -> None:
    rows = {one.what: (one.now, one.one_less, one.holds) for one in headroom(busy())}
    assert rows == {
        "application servers serving": ("3", "2", True),
        "requests/s on the busiest server at the peak": ("30", "45", None),
        "sessions at the peak, of one server's limit": ("5%", "8%", True),
        "processors of the busiest server at the peak, estimated": ("13%", "20%", True),
        "votes up, of those that a majority needs": ("3 of 2", "2 of 2", True),
        "members that can be Primary": ("3", "2", True),
        "copies up, of those that a majority write needs": ("3 of 2", "2 of 2", True),
    }


def test_headroom_that_is_not_there_is_said() -> None:
    alone = busy(without_left(without_left(calm(), "app2"), "app3"))
    rows = {one.what: (one.now, one.one_less, one.holds) for one in headroom(alone)}
    assert rows["application servers serving"] == ("1", "0", False)
    assert rows["requests/s on the busiest server at the peak"] == ("90", "nobody left", False)
    assert rows["sessions at the peak, of one server's limit"][1:] == ("nobody left", False)


def test_what_is_not_seen_is_neither_enough_nor_too_little_and_is_asked_after_first() -> None:
    assert {one.holds for one in headroom(unknown())} == {None}
    assert {one.holds for one in headroom(empty())} == {False}
    told = [advice.says for advice in advise(unknown())]
    assert told[0] == "Find out how db1, db2 and db3 really stand: that is not known from here."
    assert told[1] == "Find out how app1, app2 and app3 really stand: that is not known from here."
    assert not any(says.startswith("Bring") for says in told)


def test_nothing_known_is_nothing_enough() -> None:
    for snapshot in (unknown(), empty()):
        assert not any(one.holds for one in headroom(snapshot))
        assert advise(snapshot)[-1].says == "No peak was seen yet: whether this is enough is not known."
