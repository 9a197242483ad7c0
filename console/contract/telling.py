"""What every port that tells raw documents does."""

from console.contract.behaviour import expect
from console.ports.protocols import RawDocument, TellsRaw

BOUND = 16 * 1024 * 1024
"""Characters of one document: a plugin bounds what it reads."""


async def raw_documents(port: object, node: str) -> tuple[RawDocument, ...]:
    """Its documents: each has a title, and a text or the reason why there is none. Raises Broken."""
    expect(isinstance(port, TellsRaw), "expected a port that tells raw documents")
    assert isinstance(port, TellsRaw)
    documents = await port.raw(node)
    expect(documents, "expected at least one document")
    for one in documents:
        expect(one.title.strip(), "expected a title")
        expect(one.text or one.problem, f"{one.title}: expected a text, or why there is none")
        expect(len(one.text) <= BOUND, f"{one.title}: expected a bounded text, got {len(one.text)} characters")
    return documents
