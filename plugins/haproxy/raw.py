"""What HAProxy's Runtime API answers, laid out to be read."""

from console.ports.protocols import RawDocument
from plugins._raw import asked, rows_text

from .answers import ParseError, complete, parse_stat
from .runtime import NotAnswered, NotReached, Runtime


async def documents(runtime: Runtime) -> tuple[RawDocument, ...]:
    """`show info`, `show stat` and `show servers state`, as many as are answered."""
    found: list[RawDocument] = []
    for command, text in (("show info", _whole), ("show stat", _stat), ("show servers state", _states)):

        async def ask(command: str = command) -> str:
            return await runtime.ask(command, runtime.deadline())

        document = await asked(f"{command}  on {runtime.where}", ask, (NotReached, NotAnswered))
        if document.problem:
            return (*found, document)
        found.append(RawDocument(title=document.title, text=text(document.text)))
    return tuple(found)


def _whole(answer: str) -> str:
    return answer.strip("\n")


def _stat(answer: str) -> str:
    """A block for each row; an answer that is none stands as it is."""
    try:
        return rows_text((f"{row['pxname']}/{row['svname']}", row) for row in parse_stat(complete(answer)))
    except ParseError:
        return answer


def _states(answer: str) -> str:
    """The same; its columns are parted by spaces."""
    version, _, rest = answer.strip("\n").partition("\n")
    header, *lines = rest.splitlines() or [""]
    if not header.startswith("# "):
        return answer
    rows = [dict(zip(header[2:].split(), line.split(), strict=False)) for line in lines]
    return f"format {version}\n\n" + rows_text((f"{r.get('be_name')}/{r.get('srv_name')}", r) for r in rows)
