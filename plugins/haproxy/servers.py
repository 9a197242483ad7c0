"""Servers as the console names them: the rows of `show stat` joined by name with `show servers state`."""

from collections.abc import Mapping

from console.cluster.snapshot import Admin, Health, PoolMember

from .answers import SERVER, Row, ServerState, States, number
from .config import BackendFacts
from .joining import like_words, options_of

# srv_admin_state: forced, inherited, by DNS; drain forced, drain inherited. 0x04 only says that the configuration
# declares it disabled: it stays when the server is made ready.
MAINT_BITS = 0x01 | 0x02 | 0x20
DRAIN_BITS = 0x08 | 0x10


def pool_members(
    balancer: str, rows: list[Row], states: States, config: Mapping[str, BackendFacts], version: str
) -> tuple[PoolMember, ...]:
    """Every server of every backend, in HAProxy's order. Raises ParseError."""
    with_cookie = {row["pxname"] for row in rows if row["svname"] == "BACKEND" and row.get("cookie")}
    unknown = BackendFacts()
    by_backend: dict[str, list[Row]] = {}
    for row in rows:
        if row["type"] == SERVER:
            by_backend.setdefault(row["pxname"], []).append(row)
    likes = {backend: like_words(servers, config.get(backend)) for backend, servers in by_backend.items()}

    def member(row: Row) -> PoolMember:
        backend = row["pxname"]
        checking = row.get("tracked", "").partition("/")[0] or backend
        # A server without a cookie of its own pins nobody, whatever its backend sets.
        by_cookie = backend in with_cookie and bool(row.get("cookie"))
        return _member(
            balancer,
            row,
            states.get((backend, row["svname"])),
            sticky=by_cookie or config.get(backend, unknown).sticks,
            check_reads_body=config.get(checking, unknown).check_reads_body,
            facts=config.get(backend),
            options=options_of(row, config.get(backend), likes[backend], version),
        )

    return tuple(member(row) for row in rows if row["type"] == SERVER)


def _member(
    balancer: str,
    row: Row,
    state: ServerState | None,
    *,
    sticky: bool,
    check_reads_body: bool | None,
    facts: BackendFacts | None,
    options: str,
) -> PoolMember:
    def count(column: str) -> int:
        return number(row, column) or 0

    status = row["status"].upper()
    admin = admin_of(state.admin_bits) if state else _admin_by_status(status)
    checked = _is_checked(row, state, status)
    return PoolMember(
        balancer=balancer,
        backend=row["pxname"],
        server=row["svname"],
        admin=admin,
        check=check_of(status, row.get("check_status", "")) if checked else Health.UNKNOWN,
        check_says=_check_says(row),
        weight=count("uweight" if row.get("uweight") else "weight"),  # as it was set: a slow start lowers the other
        sessions=count("scur"),
        queue=count("qcur"),
        address=row.get("addr", ""),
        sticky=sticky,
        checked=checked,
        check_reads_body=check_reads_body if checked else None,
        limit=number(row, "slim"),
        errors=count("econ") + count("eresp") + count("hrsp_5xx"),
        requests=count("req_tot") or count("stot"),
        dynamic=row["svname"] not in facts.servers if facts else None,
        written_weight=facts.written_weight(row["svname"]) if facts else None,
        options=options,
        backup=count("bck") > 0,
        changed_s=number(row, "lastchg"),
    )


def admin_of(bits: int) -> Admin:
    """What operators asked for. The status hides it: a drained server whose check fails just says DOWN."""
    if bits & MAINT_BITS:
        return Admin.MAINT
    return Admin.DRAIN if bits & DRAIN_BITS else Admin.READY


def check_of(status: str, check_status: str) -> Health:
    """What the check of a checked server found."""
    if status.startswith("DOWN"):
        return Health.DOWN
    if check_status.removeprefix("* ") == "INI":  # up by default; no check has come back yet
        return Health.UNKNOWN
    return Health.UP if status.startswith(("UP", "NOLB", "DRAIN")) else Health.UNKNOWN


def _admin_by_status(status: str) -> Admin:
    if status.startswith("MAINT"):
        return Admin.MAINT
    return Admin.DRAIN if status.startswith("DRAIN") else Admin.READY


def _is_checked(row: Row, state: ServerState | None, status: str) -> bool:
    if row.get("tracked"):
        return True
    return state.check_enabled if state else status != "NO CHECK"


def _check_says(row: Row) -> str:
    found = row.get("check_status", "").removeprefix("* ")
    if not found:
        return f"as {row['tracked']}" if row.get("tracked") else ""
    code = f"/{row['check_code']}" if row.get("check_code") else ""
    took = f" in {row['check_duration']} ms" if row.get("check_duration") else ""
    return f"{found}{code}{took}"
