"""The small parts of every screen: words that wrap to their width, the key bar, and the prompt."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.actions import parse
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.styles import RulesMap
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style
from textual.suggester import Suggester
from textual.visual import RenderOptions, Visual
from textual.widget import Widget
from textual.widgets import Input

from console.tui.commands import Command, commands
from console.tui.keymap import keymap_of
from console.tui.words import KEY, Cell, line

if TYPE_CHECKING:
    from console.tui.tour import Tour

TYPING = (("enter", "take it"), ("tab", "complete"), ("esc", "leave"))
"""The keys of the prompt, and what they do."""
Draw = Callable[[int], Sequence[Content]]
"""Lines for a width."""


class Wanted(Message):
    """Somebody wants more of one row: `detail`, its `actions`, its `raw` documents or its `logs`."""

    def __init__(self, what: str, tier: str, name: str) -> None:
        super().__init__()
        self.what, self.tier, self.name = what, tier, name


class Words(Widget):
    """Lines that are drawn anew for each width; nothing in them is markup."""

    def __init__(self, draw: Draw = lambda _: (), *, id: str | None = None, fixed: bool = False) -> None:
        super().__init__(id=id, markup=False)
        self._draw = draw
        self._fixed = fixed
        """Its height does not depend on what it says."""
        self._lines: list[Content] = []
        self._width = 0
        """In columns, that they were drawn for."""

    def render(self) -> "Drawn":
        """What asks for the lines when it is known how wide they may be."""
        return Drawn(self.drawn)

    def drawn(self, width: int) -> Content:
        """The lines for this width."""
        if width != self._width:
            self._lines, self._width = list(self._draw(width)), width
        return Content("\n").join(self._lines)

    def show(self, draw: Draw) -> None:
        """Show other lines; the same lines are not painted again."""
        self._draw = draw
        lines = list(draw(self._width)) if self._width else []
        if lines != self._lines:
            same_height = self._fixed or _rows(lines) == _rows(self._lines)
            self._lines = lines
            self.refresh(layout=not same_height)


class Drawn(Visual):
    """Lines that are made when their width is known: those for another one would be on screen for a moment."""

    def __init__(self, lines: Callable[[int], Content]) -> None:
        self._lines = lines

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """In columns."""
        return self._lines(container_width).get_optimal_width(rules, container_width)

    def get_height(self, rules: RulesMap, width: int) -> int:
        """In lines."""
        return self._lines(width).get_height(rules, width)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """The lines."""
        return self._lines(width).render_strips(width, height, style, options)


def _rows(lines: Sequence[Content]) -> int:
    return sum(1 + line.plain.count("\n") for line in lines)


class KeyBar(Words):
    """One line of keys, made from the declared commands; a click does what the key does."""

    def __init__(self, *where: str) -> None:
        super().__init__(self._keys, id="keys", fixed=True)
        self._commands = [command for command in commands(*where, "everywhere") if command.shown]
        self._places: list[tuple[int, int, Command]] = []

    def on_click(self, event: events.Click) -> None:
        """What the key does."""
        for start, end, command in self._places:
            if start <= event.x < end and event.y == self.size.height - 1:
                self.app.call_later(self.screen.run_action, command.action)

    def on_mount(self) -> None:
        """The first keys."""
        self.redraw()

    def on_resize(self) -> None:
        """Another width, another number of lines."""
        self.redraw()

    def redraw(self) -> None:
        """Other commands are possible now."""
        self.styles.height = self.rows
        self.screen.set_class(self.rows > 1, "touring")
        self.show(self._keys)

    @property
    def rows(self) -> int:
        """How many lines it takes: more while a tour tells what to do next."""
        return 1 + len(self._tour(self.app.size.width))

    def _tour(self, width: int) -> list[Content]:
        tour: Tour | None = getattr(self.app, "tour", None)
        return tour.lines(width, self.app.size.height) if tour is not None else []

    def _keys(self, width: int) -> list[Content]:
        if isinstance(self.screen.focused, Prompt):
            self._places = []
            words = [cell for key, does in TYPING for cell in (Cell(f" {key} ", KEY), Cell(f"{does} "))]
            return [*self._tour(width), line(*words)]
        keymap = keymap_of(self.app)
        shown = [(keymap.of_command(c).split()[0], c) for c in self._commands if possible(self.screen, c)]
        while sum(len(key) + len(c.title) + 3 for key, c in shown) > width:
            spare = [one for one in shown[1:] if not one[1].stays]
            if not spare:
                break
            shown.remove(spare[-1])
        cells, x = [], 0
        self._places = []
        for key, command in shown:
            length = len(key) + len(command.title) + 3
            self._places.append((x, x + length, command))
            cells += [Cell(f" {key} ", KEY), Cell(f"{command.title} ")]
            x += length
        return [*self._tour(width), line(*cells)]


def possible(screen: Screen[Any], command: Command) -> bool:
    """A key does something on this screen now."""
    _, name, parameters = parse(command.action)
    return screen.check_action(name, parameters) is not False


class Names(Suggester):
    """Completes from what there is now."""

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        """The first name that goes on like this."""
        return next((name for name in self._names() if value and name.startswith(value)), None)


class Prompt(Input):
    """One line at the bottom, for a command or a filter; esc leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "leave", show=False),
        Binding("tab", "cursor_right", "complete", show=False),
    ]

    class GivenUp(Message):
        """Left without an answer."""

    def __init__(self, names: Callable[[], Sequence[str]]) -> None:
        super().__init__(id="prompt", compact=True, select_on_focus=False, suggester=Names(names))
        self.display = False
        self.mode = ""

    def ask(self, mode: str, value: str = "") -> None:
        """Show it for a command (`:`) or a filter (`/`)."""
        self.mode = mode
        self.placeholder = {
            "/": "filter: a pattern · !without it · -f letters in order",
            ":": "command: drain app2 · topology · theme NAME",
        }[mode]
        self.value = value
        self.display = True
        self.screen.set_focus(self)  # at once: what is typed next must not be taken for keys of the dashboard

    def close(self) -> None:
        """Hide it."""
        self.display = False
        self.mode = ""

    def action_give_up(self) -> None:
        """Esc."""
        self.post_message(self.GivenUp())
