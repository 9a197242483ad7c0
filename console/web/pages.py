"""The two pages: the door, and the terminal; everything in them comes from this server."""

from string import Template

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with every answer."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Watchkeeper</title>
$head
<style>
@font-face { font-family: "Roboto Mono"; src: url("/static/fonts/RobotoMono-VariableFont_wght.ttf"); }
html, body { margin: 0; height: 100%; background: #121212; color: #d7d7d7; font: 16px "Roboto Mono", monospace; }
main { max-width: 40em; padding: 2em; }
a { color: #5fafff; }
input, button { font: inherit; padding: .3em .6em; background: #262626; color: #d7d7d7; border: 1px solid #767676; }
#terminal { height: 100%; }
#start, #over { display: none; }
body.-closed #terminal { display: none; }
body.-closed #over { display: block; }
</style>
</head>
<body>
$body
</body>
</html>
"""

FOCUS = """addEventListener("load", () => {
  const look = setInterval(() => {
    const keys = document.querySelector(".xterm-helper-textarea");
    if (keys) { keys.focus(); clearInterval(look); }
  }, 50);
});
"""
"""A script of our own: what is typed goes to the console at once, before anybody has clicked into it."""


def door(says: str, *, form: bool) -> str:
    """What somebody sees who has not been let in; `says` is ours, never what was typed."""
    password = (
        '<form method="post" action="/login"><label>Password <input type="password" name="password" autofocus '
        'autocomplete="current-password"></label> <button>Log in</button></form>'
    )
    body = f"<main><h1>Watchkeeper</h1><p>{says}</p>{password if form else ''}</main>"
    return Template(_PAGE).substitute(head="", body=body)


def onward() -> str:
    """Let in; the address with the token is left behind, by a step that begins here and so brings the cookie along."""
    head = '<meta http-equiv="refresh" content="0; url=/">'
    return Template(_PAGE).substitute(head=head, body='<main><p>Logged in. <a href="/">Go on</a></p></main>')


def terminal(websocket_url: str, font_size: int) -> str:
    """The console."""
    head = '<link rel="stylesheet" href="/static/css/xterm.css"><script src="/static/js/textual.js"></script>'
    head += '<script src="/focus.js"></script>'
    body = (
        '<div id="over"><main><h1>This console has ended.</h1><p><a href="/">Open another one</a></p></main></div>'
        '<button id="start" type="button">Start</button>'
        f'<div id="terminal" class="textual-terminal" data-session-websocket-url="{websocket_url}" '
        f'data-font-size="{font_size}"></div>'
    )
    return Template(_PAGE).substitute(head=head, body=body)
