"""Themes are files; every word of theirs can be read on what it stands on, and colour is never the only sign."""

from functools import partial
from itertools import product
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import Theme

from console.cluster.snapshot import Health
from console.ports.clusterfile import ClusterFile
from console.ports.plugins import Plugins, bundled
from console.tui import run_console
from console.tui.app import Console
from console.tui.symbols import HEALTH
from console.tui.themes import Shelf, own_variables, remember, remembered
from tests.cluster.pictures import calm, primary_lost
from tests.tui.fakes import FakeSession, connected, console_on

ALL = Shelf.of([bundled("themes")]).themes
OURS = tuple(theme for theme in ALL if not theme.ansi)
"""Those that have colours of their own."""
VGA = {
    "black": "#000000",
    "red": "#aa0000",
    "green": "#00aa00",
    "yellow": "#aa5500",
    "blue": "#0000aa",
    "magenta": "#aa00aa",
    "cyan": "#00aaaa",
    "white": "#aaaaaa",
    "bright_black": "#555555",
    "bright_red": "#ff5555",
    "bright_green": "#55ff55",
    "bright_yellow": "#ffff55",
    "bright_blue": "#5555ff",
    "bright_magenta": "#ff55ff",
    "bright_cyan": "#55ffff",
    "bright_white": "#ffffff",
}
"""The palette of a Linux console."""
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
    return 0.2126 * _linear(colour.r) + 0.7152 * _linear(colour.g) + 0.0722 * _linear(colour.b)


def _linear(part: int) -> float:
    share = part / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


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


def test_there_are_five_themes() -> None:
    names = {theme.name for theme in ALL}
    assert names == {"watchkeeper-dark", "watchkeeper-light", "high-contrast", "colour-blind-safe", "terminal"}


def test_the_sixteen_colours_can_be_read_on_a_linux_console() -> None:
    theme = Shelf.of([bundled("themes")]).find("terminal")
    given = {name: str(getattr(theme, name)) for name in ("primary", "success", "warning", "error", "accent")}
    given |= {name: str(theme.variables[name]) for name in ("unknown", "changing", "off", "cursor", "loud", "on-loud")}
    named = {name: Color.parse(VGA[value.removeprefix("ansi_")]) for name, value in given.items()}
    white, black = Color.parse(VGA["white"]), Color.parse(VGA["black"])
    words = {name: one for name, one in named.items() if name not in ("cursor", "loud", "on-loud")} | {"default": white}
    poor = {name: contrast(one, black) for name, one in words.items()}
    assert {name: ratio for name, ratio in poor.items() if ratio < 4.5} == {}
    assert contrast(named["on-loud"], named["loud"]) >= 4.5
    on_cursor = {name: contrast(one, named["cursor"]) for name, one in words.items()}
    assert {name: ratio for name, ratio in on_cursor.items() if ratio < 3.0} == {}


# The matrices of severity 1.0 in Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
# Color Vision Deficiency" (2009).
DEFICIENT = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def seen_with(deficiency: str, colour: Color) -> tuple[float, float, float]:
    """CIE L*a*b* of what somebody with that deficiency sees."""
    rows = DEFICIENT[deficiency]
    linear = [_linear(part) for part in colour.rgb]
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in rows)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0890,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("deficiency", DEFICIENT)
def test_the_colour_blind_safe_theme_keeps_its_states_apart(deficiency: str) -> None:
    named = colours(Shelf.of([bundled("themes")]).find("colour-blind-safe"))
    states = ("success", "error", "unknown", "changing")
    seen = {name: seen_with(deficiency, named[name]) for name in states}
    apart = {
        (one, other): sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True)) ** 0.5
        for number, one in enumerate(states)
        for other in states[number + 1 :]
    }
    assert {pair: round(distance) for pair, distance in apart.items() if distance < 15} == {}


async def test_a_theme_is_tried_on_while_it_is_selected_and_taken_off_again() -> None:
    app = console_on(FakeSession(calm()))
    async with app.run_test(size=(80, 24)) as pilot:
        await connected(pilot)
        before = app.theme
        await pilot.press("T")
        await pilot.pause()
        await pilot.press("home")
        await pilot.pause()
        assert app.theme != before
        await pilot.press("escape")
        await pilot.pause()
        assert app.theme == before


async def test_a_theme_is_kept_for_a_cluster(tmp_path: Path) -> None:
    app = console_on(FakeSession(calm()), tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await connected(pilot)
        await pilot.press("T")
        await pilot.pause()
        await pilot.press("home", "k")
        await pilot.pause()
        kept = app.theme
        assert kept != "watchkeeper-dark"
    assert remembered(tmp_path, "passwork-prod") == kept
    assert remembered(tmp_path, "another") == ""
    remember(tmp_path, "another", "high-contrast")
    assert remembered(tmp_path, "passwork-prod") == kept


def test_a_file_of_themes_that_cannot_be_read_remembers_nothing(tmp_path: Path) -> None:
    (tmp_path / "themes.toml").write_text("= nothing")
    assert remembered(tmp_path, "prod") == ""


async def test_every_screen_can_be_drawn_in_sixteen_colours() -> None:
    app = console_on(FakeSession(primary_lost()))
    async with app.run_test(size=(80, 24)) as pilot:
        await connected(pilot)
        app.theme = "terminal"
        for keys in (["a", "escape"], ["f", "escape"], ["2", "escape"], ["question_mark", "escape"]):
            await pilot.press(*keys)
            await pilot.pause()


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


def test_a_theme_that_a_cluster_file_names_and_nobody_has_is_told_and_the_next_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Console] = []

    def no_screen(console: Console, **_: object) -> None:
        opened.append(console)

    monkeypatch.setattr(Console, "run", no_screen)
    remember(tmp_path, "prod", "watchkeeper-light")
    path = tmp_path / "prod.toml"
    path.write_text('name = "prod"\ntheme = "watchkeeper-lihgt"\n')
    file = ClusterFile.read(path, Plugins((bundled("plugins"),)))
    run = partial(run_console, file, tmp_path, read_only=True, config_dir=tmp_path)
    assert run(theme=None) == 0
    [console] = opened
    assert console.theme == "watchkeeper-light"
    assert "did you mean 'watchkeeper-light'?" in console.shelf.failures[-1]
    assert run(theme="watchkeeper-drak") == 2
    assert len(opened) == 1


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
        assert not any(s.style and (s.style.color or s.style.bgcolor) for s in drawn)
        assert "PRODUCTION" in {s.text.strip() for s in drawn if s.style and s.style.reverse}
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
