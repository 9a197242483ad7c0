"""Child process of a test: a prepared application server of the lab that no balancer knows.

Its arguments are the lab's directory, its last byte, and `well` or `ill`: an ill one passes every health check and
answers every other request with 503.
"""

import asyncio
import sys
from pathlib import Path

from pymongo import AsyncMongoClient

from console.lab.app import Answer, Application, Document
from console.lab.files import HEALTH_PATH
from console.lab.http import Message, Server
from console.lab.record import load_layout


async def serve(directory: Path, last_byte: str, ill: bool) -> None:
    layout = load_layout(directory)
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        layout.uri(),
        username="app",
        password=layout.secret("app.password"),
        authSource="admin",
        serverSelectionTimeoutMS=5000,
        timeoutMS=6000,
    )
    await client.admin.command("ping")  # so that its first health check is not its slowest
    application = Application("app5", layout.secret("health.token"), 8, client)

    async def answer(request: Message) -> Answer:
        if ill and not request.first[1].startswith(HEALTH_PATH):
            return 503, {"error": "it passes its health check and nothing else"}
        return await application.answer(request)

    await Server("app5", answer).listen(f"{layout.network}.{last_byte}", layout.ports.app)
    print("listening", flush=True)  # noqa: T201 - its parent waits for it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "ill"))
