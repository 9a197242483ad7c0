"""Sessions that a balancer does not tell are shown as not known, and never as none."""

from console.cli.document import status_document
from console.cluster.history import peak, sampled
from console.tui.sheets import app_servers
from tests.cluster.pictures import calm, with_pools

QUIET = with_pools(calm(), "app2", "lb2", sessions=None)


def cells(name: str) -> list[str]:
    [row] = [row for row in app_servers(QUIET).rows if row.key == name]
    return [cell.text for cell in row.cells]


def test_the_table_shows_a_dash_where_one_balancer_does_not_tell() -> None:
    assert "-" in cells("app2")
    assert "-" not in cells("app1")


def test_the_document_says_null_for_the_place_alone() -> None:
    [app2] = [server for server in status_document(QUIET)["app_servers"] if server["name"] == "app2"]
    assert [(pool["balancer"], pool["sessions"]) for pool in app2["pools"]] == [
        ("lb1", 7),
        ("lb1", 7),
        ("lb2", None),
        ("lb2", None),
    ]


def test_a_peak_of_what_is_not_known_is_not_known() -> None:
    sample = sampled(QUIET, 0.0)
    assert sample.sessions is None
    assert peak([sample], 60.0).peak_sessions is None
    assert peak([sample, sampled(calm(), 5.0)], 60.0).peak_sessions is not None
