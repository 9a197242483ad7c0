"""Themes are files; every word of theirs can be read on what it stands on, and colour is never the only sign."""

from itertools import product
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from console.cluster.snapshot import Health
from console.ports.plugins import bundled
from console.tui.symbols import HEALTH
from console.tui.themes import Shelf, own_variables
from tests.cluster.pictures import calm, primary_lost
from tests.tui.fakes import FakeSession, connected, console_on

OURS = Shelf.of([bundled("themes")]).themes
WORDS = ("foreground", "success", "error", "warning", "primary", "quiet", "unknown", "changing", "off")
GROUNDS = ("background", "surface", "cursor")
ON_PANEL = ("foreground", "primary", "success", "error", "unknown")
CUBE = {0, 0x5F, 0x87, 0xAF, 0xD7, 0xFF}


def colours(theme: Theme) -> dict[str, Color]:
    generated = {**own_variables(theme), **theme.to_color_system().generate(), **theme.variables}
    return {name: Color.parse(generated[name]) for name in {*WORDS, *GROUNDS, "panel", "loud", "on-loud"}}


def contrast(one: Color, other: Color) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_every_word_can_be_read_on_every_ground(theme: Theme) -> None:
    named = colours(theme)
    pairs = [*product(WORDS, GROUNDS), *product(ON_PANEL, ["panel"]), ("on-loud", "loud"), ("background", "primary")]
    least = 7.0 if theme.name == "high-contrast" else 4.5
    poor = {f"{w} on {g}": round(contrast(named[w], named[g]), 2) for w, g in pairs}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < least} == {}


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_every_colour_is_one_of_the_256_so_that_nothing_shifts_over_ssh(theme: Theme) -> None:
    given = [theme.primary, theme.secondary, theme.warning, theme.error, theme.success, theme.accent]
    given += [theme.foreground, theme.background, theme.surface, theme.panel, *theme.variables.values()]
    for text in given:
        red, green, blue = Color.parse(str(text)).rgb
        grey = red == green == blue and (red - 8) % 10 == 0
        assert grey or {red, green, blue} <= CUBE, text


def test_there_are_four_themes() -> None:
    names = {theme.name for theme in OURS}
    assert names == {"watchkeeper-dark", "watchkeeper-light", "high-contrast", "colour-blind-safe"}


def test_a_broken_theme_is_reported_and_the_others_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "mine"\nprimary = "#005faf"\n')
    (tmp_path / "b.toml").write_text('name = "bad"\nprimary = "#005faf"\nbackgroud = "#000000"\n')
    (tmp_path / "c.toml").write_text('name = "worse"\nprimary = "bleu"\n')
    (tmp_path / "d.toml").write_text("name = ")
    shelf = Shelf.of([bundled("themes"), tmp_path])
    assert shelf.find("mine").primary == "#005faf"
    assert len(shelf.failures) == 3
    assert "there is no field 'backgroud'; did you mean 'background'?" in shelf.failures[0]
    assert "'primary' is not a colour: 'bleu'" in shelf.failures[1]


def test_an_unknown_theme_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'high-contrast'"):
        Shelf.of([bundled("themes")]).find("high-contrst")


async def test_a_theme_without_our_own_names_still_draws(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "mine"\nprimary = "#005faf"\n')
    app = console_on(FakeSession(primary_lost()), themes=tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        app.theme = "mine"
        await pilot.pause()
        assert app.current_theme.name == "mine"


async def test_broken_themes_are_told_when_the_console_opens(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("name = ")
    app = console_on(FakeSession(calm()), themes=tmp_path)
    async with app.run_test() as pilot:
        await connected(pilot)
        assert any("was left out" in notice.message for notice in app._notifications)


async def test_no_color_leaves_no_colour_and_every_state_is_still_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = console_on(FakeSession(primary_lost()))
    async with app.run_test(size=(120, 40)) as pilot:
        await connected(pilot)
        strips = app.screen._compositor.render_strips(app.screen.size)
        drawn = [segment for strip in strips for segment in strip]
        triplets = [s.style.color.triplet for s in drawn if s.style and s.style.color and s.style.color.triplet]
        assert all(t.red == t.green == t.blue for t in triplets)
        text = "".join(segment.text for segment in drawn)
        for word in ("DOWN", "SECONDARY", "critical", "PRODUCTION", "NO PRIMARY"):
            assert word in text


def test_unknown_is_neither_the_word_nor_the_colour_of_up_or_down() -> None:
    unknown, up, down = (HEALTH[health] for health in (Health.UNKNOWN, Health.UP, Health.DOWN))
    assert len({unknown.text, up.text, down.text}) == 3
    assert len({unknown.style, up.style, down.style}) == 3
    for theme in OURS:
        named = colours(theme)
        assert len({named["unknown"], named["success"], named["error"]}) == 3
