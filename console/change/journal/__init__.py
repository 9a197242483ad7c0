"""The write-ahead journal: who did what, when and why, each step with its proof; chained, so that an edit is found.

No intent on disk, no op. A record is `SHA256(0x00 || prev || body)`; its body is RFC 8785 JSON with ECS field names.
The newest head also stands in an anchor file and, where there is one, in syslog, so that a cut tail is found as well.
"""

from console.change.journal.copies import Copier, CopyState
from console.change.journal.export import export
from console.change.journal.recent import Deed, newest, recent
from console.change.journal.record import JournalError, Record
from console.change.journal.store import FILE, Journal
from console.change.journal.unfinished import Unfinished, confirmed_plan, run_named
from console.change.journal.verification import Problem, Verdict, verify, verify_copies

__all__ = [
    "FILE",
    "Copier",
    "CopyState",
    "Deed",
    "Journal",
    "JournalError",
    "Problem",
    "Record",
    "Unfinished",
    "Verdict",
    "confirmed_plan",
    "export",
    "newest",
    "recent",
    "run_named",
    "verify",
    "verify_copies",
]
