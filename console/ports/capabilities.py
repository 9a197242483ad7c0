"""What a balancer's plugin does not offer, told before a plan is made."""

from dataclasses import replace

from console.cluster.snapshot import Backend
from console.cluster.views import BalancerView
from console.ports.protocols import AddsServers, BalancerPort, EndsSessions, Persists, SetsAdmin, SetsWeight

LACKS = "its plugin does not offer it"


def offered(port: BalancerPort, view: BalancerView) -> BalancerView:
    """The view, in which every backend refuses what the plugin has no capability for."""
    told = {backend.name: backend for backend in view.pools}
    names = dict.fromkeys((*view.backends, *told, *(server.backend for server in view.servers)))
    return replace(view, pools=tuple(_offered(port, told.get(name, Backend(name=name))) for name in names))


def _offered(port: BalancerPort, backend: Backend) -> Backend:
    def why(capability: type, refuses: str) -> str:
        return refuses if isinstance(port, capability) else refuses or LACKS

    return replace(
        backend,
        refuses_drain=why(SetsAdmin, backend.refuses_drain),
        refuses_servers=why(AddsServers, backend.refuses_servers),
        refuses_weights=why(SetsWeight, backend.refuses_weights),
        refuses_ending=why(EndsSessions, backend.refuses_ending),
        refuses_lines=backend.refuses_lines if isinstance(port, Persists) else LACKS,
    )
