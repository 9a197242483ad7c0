"""The service of an application server: the embedded lab's application, told where its database is by its environment.

It runs in the host, with a copy of `console` and the libraries of the base.
"""

import asyncio
import os
import signal

from pymongo import AsyncMongoClient

from console.lab.app import STOP_PATIENCE_S, Application, Document
from console.lab.http import Server

WORKERS = 8


async def serve() -> None:
    """Answer requests until SIGTERM, and then those that are in progress."""
    name, environment = os.environ["APP_NAME"], os.environ
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        environment["APP_MONGODB_URI"],
        username="app",
        password=environment["APP_MONGODB_PASSWORD"],
        authSource="admin",
        appname=name,
        heartbeatFrequencyMS=1000,
        connectTimeoutMS=1500,
        serverSelectionTimeoutMS=8000,
        timeoutMS=9000,
        maxPoolSize=20,
    )
    server = Server(name, Application(name, environment["APP_TOKEN"], WORKERS, client).answer)
    await server.listen(environment["APP_ADDRESS"], int(environment["APP_PORT"]))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(STOP_PATIENCE_S)
    await client.close()


if __name__ == "__main__":
    asyncio.run(serve())
