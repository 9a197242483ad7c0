"""What a plugin does not offer is refused in every backend, before a plan is made."""

from dataclasses import replace

from console.cluster.snapshot import Backend, Health
from console.cluster.views import BalancerView
from console.ports.capabilities import LACKS, offered
from console.ports.plugins import Context
from plugins.memory import MemoryBalancer
from plugins.memory.views import balancer_view

VIEW = BalancerView(
    balancer="lb1", health=Health.UP, backends=("app", "web"), pools=(Backend(name="app", refuses_weights="static-rr"),)
)


class OnlyLooks:
    async def look(self) -> BalancerView:
        return VIEW

    async def close(self) -> None: ...


def test_what_it_has_no_capability_for_is_refused_in_words() -> None:
    app, web = offered(OnlyLooks(), VIEW).pools
    assert (app.name, app.refuses_drain, app.refuses_servers, app.refuses_ending) == ("app", LACKS, LACKS, LACKS)
    assert app.refuses_weights == "static-rr", "its own word is the better one"
    assert (web.name, web.refuses_weights) == ("web", LACKS)


def test_a_backend_that_only_its_servers_name_is_one_too() -> None:
    place = MemoryBalancer(MemoryBalancer.Settings(world="capabilities"), Context(name="lb1"))
    view = balancer_view(place.world, "lb1")
    told = offered(OnlyLooks(), replace(view, backends=(), pools=()))
    assert [(pool.name, pool.refuses_servers) for pool in told.pools] == [("app", LACKS), ("web", LACKS)]


def test_what_it_can_do_stays_as_it_tells_it() -> None:
    able = MemoryBalancer(MemoryBalancer.Settings(world="capabilities"), Context(name="lb1"))
    app, web = offered(able, VIEW).pools
    assert app == VIEW.pools[0]
    assert web == Backend(name="web")
