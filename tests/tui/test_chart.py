from console.cluster.history import EVERY_S, KEPT_S
from console.cluster.series import Series
from console.tui.chart import ceiling, chart, number, spans
from console.tui.glyphs import ASCII

NOW_S = 1000.0
DOTS, BLOCKS = True, False


def series(*values: float | None, most: float | None = None, unit: str = "ms") -> Series:
    """The last of them now, the others every few seconds before it."""
    first_s = NOW_S - EVERY_S * (len(values) - 1)
    points = tuple((first_s + EVERY_S * number, value) for number, value in enumerate(values))
    return Series(title="latency", unit=unit, points=points, most=most)


def drawn(one: Series, width: int, height: int, by: bool) -> list[str]:
    return ["".join(cell.text for cell in row) for row in chart(one, NOW_S, width, height, by)]


def test_every_line_is_as_wide_as_asked_for() -> None:
    for by in (DOTS, BLOCKS):
        for one in (series(), series(1.0), series(*[3.0] * 180), series(None, 12_345.0)):
            assert {len(row) for row in drawn(one, 38, 4, by)} == {38}
            assert len(drawn(one, 38, 4, by)) == 5


def test_the_title_tells_what_it_is_now_with_its_unit_and_the_range() -> None:
    assert drawn(series(2.0, 8.0, 4.0), 50, 3, DOTS)[0].startswith("latency  4 ms   least 2, most 8")
    assert drawn(series(40.0, unit="/s"), 50, 3, DOTS)[0].startswith("latency  40/s")


def test_a_last_value_that_is_not_known_is_said_and_is_no_0() -> None:
    assert drawn(series(2.0, None), 50, 3, DOTS)[0].startswith("latency  not known")
    assert drawn(series(), 50, 3, DOTS)[0].startswith("latency  not known")


def test_the_y_axis_begins_at_0_and_ends_at_a_round_number() -> None:
    rows = drawn(series(3.0, 41.0), 40, 3, DOTS)
    assert [row[:7] for row in rows[1:]] == ["    50┤", "      ┤", "     0┤"]
    assert drawn(series(37.5, most=100.0), 40, 3, DOTS)[1].startswith("   100┤")


def test_0_is_drawn_at_the_bottom_and_a_gap_is_empty() -> None:
    width = 7 + 90  # 180 columns of dots: one for each sample
    values: list[float | None] = [0.0] * 180
    values[60:100] = [None] * 40
    bottom = drawn(series(*values), width, 2, DOTS)[-1][7:]
    assert set(bottom[:29]) == {"⣀"}
    assert bottom[31:49].strip() == ""
    assert set(bottom[51:]) == {"⣀"}


def test_a_peak_is_not_lost_between_columns() -> None:
    values = [1.0] * 180
    values[100] = 90.0
    top = drawn(series(*values), 7 + 20, 4, DOTS)[1]
    assert top[7:].strip()


def test_between_two_samples_that_are_near_the_line_goes_on() -> None:
    points = series(*[5.0] * 180).points
    found = spans(points, NOW_S, 360)
    assert all(found[4:])
    assert spans(((0.0, 1.0), (KEPT_S, 1.0)), KEPT_S, 100)[50] is None


def test_one_column_holds_the_lowest_and_the_highest_of_its_samples() -> None:
    assert spans(series(1.0, 9.0, 4.0).points, NOW_S, 10)[-1] == (1.0, 9.0)


def test_bars_are_half_blocks_where_there_are_no_dots_and_ascii_where_nothing_else_is() -> None:
    values = [10.0] * 180
    assert set("".join(row[7:] for row in drawn(series(*values), 30, 2, BLOCKS)[1:])) == {"█"}
    assert set("".join(row[7:] for row in drawn(series(*[0.0] * 180), 30, 2, BLOCKS)[1:])) == {" ", "▄"}
    assert all(ASCII.shown(row).isascii() for row in drawn(series(*values, None, 0.0), 30, 2, BLOCKS))


def test_round_numbers_are_1_2_and_5() -> None:
    assert [ceiling(value) for value in (0.0, 0.03, 1.0, 1.1, 4.0, 5.1, 73.0, 100.0)] == [
        *(1.0, 0.05, 1.0, 2.0, 5.0, 10.0, 100.0, 100.0)
    ]


def test_a_number_takes_no_more_than_six_characters() -> None:
    for value in (0.0, 0.123456, 9.99, 99.5, 1234.5, 9999.0, 12_345.0, 5_000_000.0, 75_000_000.0):
        assert len(number(value)) <= 6
    assert (number(0.5), number(12_345.0)) == ("0.5", "12k")
