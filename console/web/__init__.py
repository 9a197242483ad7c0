"""The console in a browser: the same program in a terminal of its own, behind a door of its own.

Whoever gets in can do what the console can. So: loopback only, unless TLS is given or a proxy stands in front; a
login by a link that works once, or by a password from a file that only its owner reads; the session is a cookie that
no script reads and no other site sends; Host and Origin are held against the names that this server goes by, so that
neither a rebound name nor a page of another site gets through; nothing is kept by a cache and nothing is loaded from
elsewhere; read-only unless it was started otherwise. A tab that is closed is a dropped SSH session, and ends by the
same rules.
"""
