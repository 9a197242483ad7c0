"""Child process: the lab's machines, that is the relays in front of every service and the SSH servers.

`console.lab.control` asks it over the unix socket `hosts.sock`.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

from console.lab.layout import NODES, Layout
from console.lab.record import load_layout


async def _serve(layout: Layout) -> None:
    from console.lab.relay import Network

    network = Network()
    for node in NODES:
        for port in layout.ports.of(node.role):
            await network.relay(node.name, (layout.address(node), port), (layout.real_address(node), port))

    async def steer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = json.loads(await reader.readline())
        match request["do"]:
            case "partition":
                network.partition(request["node"], request["pid"])
            case "heal":
                network.heal(request["node"])
        writer.write(json.dumps(network.partitioned).encode() + b"\n")
        await writer.drain()
        writer.close()

    # Imported after the relays listen: the database members wait for those, and for nothing else here.
    from console.lab import shell

    await shell.listen(layout)
    await asyncio.start_unix_server(steer, layout.socket("hosts"))  # the last: an answer means all is up

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(_serve(load_layout(Path(sys.argv[1]))))
