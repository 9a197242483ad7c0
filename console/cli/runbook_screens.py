"""The cluster at a moment of a runbook's run, drawn as SVG from what the journal keeps of it."""

import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path

from rich.color import Color
from rich.console import Console, Group
from rich.table import Table
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from console.change.runbook.evidence import Evidence, Moment
from console.change.runbook.measured import Picture
from console.change.runbook.page import page
from console.change.runbook.seen import ANSWERS, SERVES, WELL
from console.cli.settings import Mistake
from console.cluster.snapshot import MemberState
from console.cluster.text import clean
from console.ports.plugins import bundled

COLUMNS = 120
THEME = "watchkeeper-light"
"""A report is read on paper too."""
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px "Fira Code", ui-monospace, "DejaVu Sans Mono", monospace; }}
.{unique_id}-title {{ font: bold 18px "Fira Code", ui-monospace, "DejaVu Sans Mono", monospace; }}
.rich-terminal > rect {{ stroke: #8a8a8a; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own without its fonts from elsewhere: a report asks nobody for anything."""


def as_page(evidence: Evidence) -> str:
    """The report as HTML, with every screen in it."""
    return page(evidence, [(moment, drawn(moment, evidence, f"m{n}")) for n, moment in enumerate(evidence.moments, 1)])


def write_screens(evidence: Evidence, folder: Path) -> Iterator[Path]:
    """Each screen as a file of its own, told when it is there. Raises Mistake."""
    for number, moment in enumerate(evidence.moments, 1):
        path = folder / moment.file
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(drawn(moment, evidence, f"m{number}"), "utf-8")
        except OSError as error:
            raise Mistake(f"--svg {folder}: {path.name} cannot be written: {error.strerror}") from None
        yield path


def drawn(moment: Moment, evidence: Evidence, unique_id: str) -> str:
    """The moment as an SVG document; the same moment gives the same one."""
    console = Console(
        record=True,
        width=COLUMNS,
        height=1,  # only with both of them is a terminal's own size, or TERM=dumb, left out of it
        file=io.StringIO(),
        force_terminal=True,
        force_jupyter=False,
        color_system="truecolor",
        no_color=False,
        legacy_windows=False,
        highlight=False,
    )
    head = (f" {evidence.cluster}", "strong"), (f"  {moment.at:%Y-%m-%d %H:%M:%S} UTC  record {moment.record}", "quiet")
    console.print(_text(*head), no_wrap=True, overflow="ellipsis")
    console.print()
    console.print(_tiers(moment.picture))
    svg = console.export_svg(title=clean(moment.title, limit=90), theme=_theme(), code_format=SVG, unique_id=unique_id)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(moment.title)}" ', 1)


def _tiers(picture: Picture) -> Table:
    """Side by side, as on the dashboard."""
    balancers = sorted(picture.balancers)
    pools = [[name, *(picture.pools.get(name, {}).get(one, "") for one in balancers)] for name in picture.servers]
    servers = _tier(
        f"APP SERVERS  {_count(picture.servers, SERVES)} serve",
        ["name", "state", *balancers],
        ([_text((row[0], "strong")), _word(picture.servers[row[0]]), *map(Text, row[1:])] for row in pools),
    )
    of_balancers = _tier(
        f"BALANCERS  {_count(picture.balancers, ANSWERS)} answer",
        ["name", "state"],
        ([_text((name, "strong")), _word(word)] for name, word in picture.balancers.items()),
    )
    leads = f"{picture.primary} leads" if picture.primary else "nobody leads"
    members = _tier(
        f"REPLICA SET  {leads}{'' if picture.term is None else f', term {picture.term}'}",
        ["name", "state", "lag"],
        (
            [_text((name, "strong")), _word(word), Text(_lag(picture.lag_s.get(name)), justify="right")]
            for name, word in picture.members.items()
        ),
    )
    tiers = Table.grid(padding=(0, 4))
    tiers.add_row(*(Text(" ") if part is None else part for part in (servers, of_balancers, members)))
    return tiers


def _tier(title: str, columns: Iterable[str], rows: Iterable[list[Text]]) -> Group:
    table = Table(box=None)
    for column in columns:
        table.add_column(_text((column, "quiet")), no_wrap=True, overflow="ellipsis", max_width=28)
    for row in rows:
        table.add_row(*row)
    return Group(_text((f" {title}", "title")), table)


def _word(word: str) -> Text:
    """What is seen, with a sign and a colour of its own: neither tells more than the word."""
    if word in WELL:
        sign = {MemberState.PRIMARY.value: "◆", MemberState.ARBITER.value: "○"}.get(word, "●")
        return _text((f"{sign} {word}", "success"))
    low = word.lower()
    if "unknown" in low:
        return _text((f"? {word}", "unknown"))
    lost = low.endswith("down") or word == MemberState.REMOVED.value
    return _text((f"■ {word}", "error")) if lost else _text((f"▲ {word}", "warning"))


def _count(words: Mapping[str, str], well: str) -> str:
    return f"{sum(word == well for word in words.values())} of {len(words)}"


def _lag(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.0f} s"


def _text(*parts: tuple[str, str]) -> Text:
    """Words, each with a name of the theme; nothing in them is read as markup."""
    styles = {"strong": "bold", "title": f"bold {_colour('primary')}"}
    return Text.assemble(*((words, styles.get(style) or _colour(style)) for words, style in parts))


def _colour(name: str) -> str:
    return _colours()[name]


@cache
def _colours() -> Mapping[str, str]:
    table = tomllib.loads((bundled("themes") / f"{THEME}.toml").read_text("utf-8"))
    return {name: value for name, value in (table | table["variables"]).items() if isinstance(value, str)}


def _theme() -> TerminalTheme:
    background, foreground = (Color.parse(_colour(name)).get_truecolor() for name in ("background", "foreground"))
    return TerminalTheme(background, foreground, [foreground] * 8)
