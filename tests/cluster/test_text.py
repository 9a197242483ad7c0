import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cluster.snapshot import Health
from console.cluster.text import clean, cleaned
from console.cluster.views import HealthView


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("db1", "db1"),
        ("сервер-ß", "сервер-ß"),
        ("\x1b]52;c;AAAA\x07", r"\x1b]52;c;AAAA\x07"),
        ("\u202edb-10", r"\u202edb-10"),
        ("db\u200b1", r"db\u200b1"),
        ("db\u31641", r"db\u31641"),
        ("\x9b31m", r"\x9b31m"),
        ("two\nlines\tand\ttabs", "two lines and tabs"),
        ("broken \udcff byte", r"broken \udcff byte"),
        ("[@click=app.danger('x')]db-03[/]", "[@click=app.danger('x')]db-03[/]"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_spelt_out(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    assert clean("a" * 10_000, limit=5) == "aaaa…"


@given(st.text(), st.integers(1, 300))
def test_a_clean_text_is_printable_short_and_stays_as_it_is(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert once.isprintable()
    assert len(once) <= limit
    assert clean(once, limit) == once


def test_every_text_of_a_view_is_cleaned_and_its_words_keep_their_kind() -> None:
    view = HealthView(server="app\x1b1", health=Health.DOWN, reason="no\nanswer")
    assert cleaned(view) == HealthView(server=r"app\x1b1", health=Health.DOWN, reason="no answer")
    assert cleaned(view).health is Health.DOWN
