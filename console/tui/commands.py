"""Every command, declared once: the key bar, the help, the palette and the bindings are made from this."""

from dataclasses import dataclass, replace

from textual.binding import Binding, BindingType

KEY_NAMES = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "exclamation_mark": "!",
    "left_square_bracket": "[",
    "minus": "-",
    "right_square_bracket": "]",
    "escape": "esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
}

AT_ONCE = ("screen.filter", "screen.command")
"""Done before the next key is given to anybody: what is typed right after them is meant for what they open."""
SORT = "By the column that begins so; once more: the other way round; then as it was"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a key does on one screen (`everywhere`: on all of them)."""

    id: str
    keys: str
    title: str
    help: str
    action: str
    shown: bool = True
    """In the key bar."""

    @property
    def where(self) -> str:
        """The screen that it belongs to."""
        return self.id.partition(".")[0]

    @property
    def stays(self) -> bool:
        """In the key bar however narrow it is: what leads out, and what tells of all the others."""
        return self.where == "everywhere" or "escape" in self.keys.split(",")


FORMS = ("plan", "reading")
"""A page with a form below it: the page turns wherever the focus is."""


def _view(name: str, keys: str, says: str, *, shown: bool = False) -> Command:
    return Command(f"view.{name}", keys, name, says, f"app.view('{name}')", shown)


COMMANDS = (
    Command("dashboard.actions", "a", "actions", "What can be done to the row, or to all marked", "screen.actions"),
    Command("dashboard.detail", "enter,d", "details", "Everything that is known of the selected row", "screen.detail"),
    Command(
        "dashboard.raw", "y", "raw", "What the vendors themselves answer of the row", "screen.wanted('raw')", False
    ),
    Command("dashboard.logs", "l", "logs", "The last lines of the log of its service", "screen.wanted('logs')", False),
    Command("dashboard.next", "tab", "next", "Go to the next table", "app.focus_next", False),
    Command("dashboard.previous", "shift+tab", "previous", "Go to the table before", "app.focus_previous", False),
    Command("dashboard.wayback", "b", "way back", "What leads back from the last change", "app.way_back", False),
    Command("dashboard.run", "R", "run", "Return to the change that is running", "app.progress"),
    Command("dashboard.pause", "p", "pause", "Hold what is on screen, or go on with what is so", "app.pause", False),
    Command("dashboard.clear", "escape", "clear", "Take filter and marks away", "screen.clear", False),
    Command("view.filter", "slash", "filter", "A pattern; !pattern: without; -f abc: these letters", "screen.filter"),
    Command("view.command", "colon", "command", "Type a command: drain app2, topology, theme NAME …", "screen.command"),
    _view("dashboard", "1", "The whole cluster on one screen"),
    Command("topology.actions", "a", "actions", "What can be done to the row, or to all marked", "screen.actions"),
    Command("topology.detail", "enter,d", "details", "Everything that is known of the selected row", "screen.detail"),
    Command("topology.next", "tab", "next", "Along the path: the next table", "app.focus_next"),
    Command("topology.previous", "shift+tab", "previous", "The table before", "app.focus_previous", False),
    Command("topology.back", "escape", "back", "Filters and marks go; then to the dashboard", "screen.back"),
    _view("topology", "t,2", "The path of a request, who differs about whom, and what each failure domain would cost"),
    Command("timeline.detail", "enter", "whole", "The whole event; of what was done, every step", "screen.detail"),
    Command("timeline.export", "x", "export", "Write it down as Markdown, in the state directory", "screen.export"),
    Command("timeline.back", "escape", "back", "To the dashboard", "screen.back"),
    _view("timeline", "e,3", "What was seen and what was done, over all tiers, in incidents"),
    _view("findings", "f,4", "Every finding, and the action that mends it"),
    _view("runbooks", "r,5", "Guided maintenance: read, begin, or return to it", shown=True),
    Command("view.mark", "space", "mark", "Mark the row: what is done next is done to all marked", "screen.mark"),
    _view("journal", "j,6", "What was done, by whom, and is it still as written"),
    _view("headroom", "h,7", "What the peak needs, and whether to scale out or up"),
    _view("unfinished", "u,8", "Interrupted runs: go on, undo, close"),
    _view("fleet", "9", "Every cluster that is known, the worst first"),
    _view("connections", "0", "Everything that the cluster file names, tried now, and what mends a failure"),
    Command("view.themes", "T", "themes", "Other colours, tried on before one is kept", "app.view('themes')", False),
    Command("themes.keep", "enter", "keep", "Keep it while this console is open", "screen.keep(False)"),
    Command("themes.remember", "k", "for this cluster", "Keep it for this cluster from now on", "screen.keep(True)"),
    Command("themes.back", "escape", "back", "As it was before", "screen.back"),
    Command(
        "view.earlier", "left_square_bracket,minus", "view before", "The view you came from", "app.visit(-1)", False
    ),
    Command("view.later", "right_square_bracket", "view after", "Forward again", "app.visit(1)", False),
    Command("view.look", "ctrl+r", "look again", "Ask every source anew, now", "app.look", False),
    Command(
        "view.faults", "exclamation_mark", "faults", "Only the rows in which something is wrong", "screen.faults", False
    ),
    Command("view.copy", "c", "copy", "Copy it to your own terminal's clipboard (OSC 52)", "app.copy", False),
    Command("detail.actions", "a", "actions", "What can be done to it", "screen.wanted('actions')"),
    Command("detail.raw", "y", "raw", "What the vendors themselves answer of it", "screen.wanted('raw')"),
    Command("detail.logs", "l", "logs", "The last lines of the log of its service", "screen.wanted('logs')"),
    Command("detail.back", "escape", "back", "To where you came from", "screen.back"),
    Command("raw.search", "slash", "search", "The next line with these words", "screen.search"),
    Command("raw.next", "n", "next match", "The next line with the words", "screen.seek(1)"),
    Command("raw.previous", "N", "match before", "The line before with the words", "screen.seek(-1)", False),
    Command("raw.wrap", "w", "wrap", "Wrap long lines, or scroll sideways", "screen.wrap"),
    Command("raw.again", "ctrl+r", "read again", "As it is now", "screen.again"),
    Command("raw.back", "escape", "back", "To where you came from", "screen.back"),
    Command("logs.follow", "f", "follow", "Read it again every 2 s, or no more", "screen.follow"),
    Command("logs.search", "slash", "search", "The next line with these words", "screen.search"),
    Command("logs.next", "n", "next match", "The next line with the words", "screen.seek(1)"),
    Command("logs.previous", "N", "match before", "The line before with the words", "screen.seek(-1)", False),
    Command("logs.wrap", "w", "wrap", "Wrap long lines, or scroll sideways", "screen.wrap"),
    Command("logs.again", "ctrl+r", "read again", "As it is now", "screen.again"),
    Command("logs.back", "escape", "back", "To where you came from", "screen.back"),
    Command("menu.choose", "enter", "plan it", "Make the plan and read it; nothing is changed yet", "screen.choose"),
    Command("menu.back", "escape", "back", "Leave without doing anything", "screen.back"),
    Command("plan.next", "tab", "next field", "Go to the next field or button", "app.focus_next"),
    Command("plan.again", "ctrl+r", "read again", "Take the plan as the cluster stands now", "screen.again"),
    Command("plan.copy", "c", "copy", "Copy what a script would say to do this", "app.copy", False),
    *(Command(f"{where}.page-down", "pagedown", "read on", "The next page", "screen.turn(1)") for where in FORMS),
    *(Command(f"{where}.page-up", "pageup", "page up", "The page before", "screen.turn(-1)", False) for where in FORMS),
    Command("plan.back", "escape", "cancel", "Leave without doing anything", "screen.back"),
    Command("progress.wait", "w", "wait", "Wait for the last session without a limit", "screen.decide('wait')"),
    Command("progress.extend", "x", "extend", "Wait as long again", "screen.decide('extend')"),
    Command("progress.end", "s", "end sessions", "Cut the sessions that are left", "screen.decide('end-sessions')"),
    Command("progress.undo", "u", "undo", "Put it back as it was", "screen.decide('undo')"),
    Command(
        "progress.back", "escape", "back", "Look elsewhere; the change goes on, and R comes back to it", "screen.back"
    ),
    Command("journal.verify", "v", "verify", "Is every record as it was written?", "screen.verify"),
    Command("journal.detail", "enter", "details", "The whole record", "screen.detail"),
    Command("journal.back", "escape", "back", "To the dashboard", "screen.back"),
    Command("findings.mend", "enter", "mend", "Plan the action that mends it; nothing is changed yet", "screen.mend"),
    Command("findings.back", "escape", "back", "To the dashboard", "screen.back"),
    Command("fleet.open", "enter", "go to it", "Leave this cluster, and open that one", "screen.open"),
    Command("fleet.back", "escape", "back", "To the dashboard", "screen.back"),
    Command("connections.detail", "enter", "whole", "All that it says, and all that there is to do", "screen.detail"),
    Command("connections.again", "ctrl+r", "try again", "All of it anew, from the cluster file on", "screen.again"),
    Command("connections.back", "escape", "back", "To the dashboard; what is being tried ends", "screen.back"),
    Command("connections.copy", "c", "copy", "Copy what there is to do, or its command", "app.copy"),
    Command("unfinished.resume", "r", "go on", "After the last of its changes that is so", "screen.resume"),
    Command("unfinished.undo", "u", "undo", "Every step that had begun, in reverse", "screen.undo"),
    Command("unfinished.close", "c", "close", "Leave all as it stands, and mark it as done with", "screen.close"),
    Command("unfinished.back", "escape", "back", "Leave them unfinished", "screen.back"),
    Command(
        "runbooks.open", "enter", "read it", "What it does, and how it would go now; nothing is changed", "screen.open"
    ),
    Command("runbooks.agree", "y", "agree", "To what another operator's runbook waits for", "screen.agree(True)"),
    Command("runbooks.refuse", "n", "do not agree", "Another operator's runbook does not go on", "screen.agree(False)"),
    Command("runbooks.next", "tab", "next", "Go to the other table", "app.focus_next"),
    Command("runbooks.back", "escape", "back", "To the dashboard", "screen.back"),
    Command("reading.next", "tab", "next field", "Go to the next field or button", "app.focus_next"),
    Command("reading.again", "ctrl+r", "read again", "The dry run on the cluster as it is now", "screen.again"),
    Command("reading.copy", "c", "copy", "Copy what a script would say to do this", "app.copy", False),
    Command("reading.back", "escape", "cancel", "Leave without doing anything", "screen.back"),
    Command("guided.again", "r", "again", "Look once more, and go through this stage anew", "screen.way('again')"),
    Command("guided.accept", "g", "go on", "Take the cluster as it is now, and go on", "screen.way('go on')"),
    Command("guided.skip", "s", "skip", "Leave this stage out; a reason is asked for", "screen.way('skip')"),
    Command("guided.pause", "p", "pause", "Let this stage come to its end, and begin no other", "screen.pause"),
    Command("guided.carry-on", "c", "carry on", "End the pause", "screen.carry_on"),
    Command("guided.stop", "x", "stop", "End here; it can be gone on with later", "screen.way('stop')"),
    Command("guided.unwind", "u", "unwind", "Stop, and undo what was done, the newest first", "screen.way('unwind')"),
    Command("guided.run", "R", "change", "The change that is running, step by step", "app.progress"),
    Command("guided.next", "tab", "next", "Go to the answer", "app.focus_next", False),
    Command("guided.back", "escape", "back", "Look elsewhere; the runbook goes on, and r comes back", "screen.back"),
    Command("text.back", "escape", "back", "To where you came from", "screen.back"),
    Command("question.back", "escape", "back", "Leave it as it is", "screen.back"),
    Command("table.up", "up", "up", "The row above", "move(-1)", False),
    Command("table.down", "down", "down", "The row below", "move(1)", False),
    Command("table.page-up", "pageup", "page up", "A page up", "page(-1)", False),
    Command("table.page-down", "pagedown", "page down", "A page down", "page(1)", False),
    Command("table.first", "home,g", "first", "The first row", "move(-1000000)", False),
    Command("table.last", "end,G", "last", "The last row", "move(1000000)", False),
    *(
        Command(f"table.sort-{letter}", letter.upper(), "sort", SORT, f"sort('{letter}')", False)
        for letter in "acdehlmnopsuvw"
    ),
    Command("everywhere.help", "question_mark,f1", "help", "Every key", "app.help"),
    Command("everywhere.palette", "ctrl+p", "palette", "Find a command by its name", "app.command_palette", False),
    Command("everywhere.redraw", "ctrl+l", "redraw", "All of it, where something else wrote", "app.redraw", False),
    Command("everywhere.tour", "f2", "tour", "In the demo: put the tour away, or go on with it", "app.tour", False),
    Command("everywhere.quit", "q,f10", "quit", "End this console", "app.leave"),
)


def spoken(keys: str) -> str:
    """Keys as they stand on a keyboard."""
    return " ".join(KEY_NAMES.get(key, key) for key in keys.split(","))


def commands(*where: str) -> tuple[Command, ...]:
    """The commands of these places, in order; a key that one of them has is not another's after it."""
    found: list[Command] = []
    taken: set[str] = set()
    for command in (command for place in where for command in COMMANDS if command.where == place):
        free = [key for key in command.keys.split(",") if key not in taken]
        taken.update(free)
        if free:
            found.append(replace(command, keys=",".join(free)))
    return tuple(found)


def bindings(*where: str) -> list[BindingType]:
    """The commands of one screen as textual wants them; it goes through equal keys in an order of its own."""
    return [
        Binding(c.keys, c.action, c.title, show=c.shown, priority=c.action in AT_ONCE, id=c.id, tooltip=c.help)
        for c in commands(*where)
    ]
