"""What needs a reload gets one, and nobody notices."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from router_sync.slots import SPARES
from tests.integration.router_sync.backends import Backends
from tests.integration.router_sync.stage import Stage
from tests.integration.router_sync.test_draining import in_flight_of
from tests.integration.router_sync.test_requests import open_websocket, say
from tests.load import load_on
from tests.services import wait_for

pytestmark = pytest.mark.integration


def test_scaling_past_the_slots_under_load_loses_nothing(stage: Stage, backends: Backends) -> None:
    worker = stage.fleet().current
    first = backends.start("1")
    stage.flip("shop", first)
    many = [backends.start(f"{number}") for number in range(2, 13)]
    with load_on(stage.port, "shop.localhost") as load:
        stage.flip("shop", first, *many)
        seen: set[str] = set()
        wait_for(lambda: seen.add(stage.get("shop.localhost").body) or len(seen) == 12, "all 12")
        stage.flip("shop", first)
        assert {stage.get("shop.localhost").body for _ in range(20)} == {"1"}

    assert load.failed() == []
    assert stage.fleet().current != worker


def test_idle_connection_to_a_replaced_worker_gets_the_newest_route(
    stage: Stage, backends: Backends
) -> None:
    stage.flip("shop", backends.start("old"))
    idle = stage.connect()
    assert stage.ask(idle, "shop.localhost").body == "old"
    reload(stage, backends)
    stage.flip("shop", backends.start("new"))

    answer = stage.ask(idle, "shop.localhost", "/headers")

    assert stage.get("shop.localhost").body == "new"
    assert "x-forwarded-for: 127.0.0.1\n" in answer.body.lower()
    assert f"x-forwarded-port: {stage.port}\n" in answer.body.lower()
    assert answer.headers["connection"] == "close"


def test_requests_in_a_replaced_worker_count_as_in_flight(stage: Stage, backends: Backends) -> None:
    old = backends.start("old")
    stage.flip("shop", old)
    with ThreadPoolExecutor() as clients:
        held = clients.submit(stage.get, "shop.localhost", "/held")
        wait_for(lambda: in_flight_of(stage, old.address), "the request")
        reload(stage, backends)

        stage.flip("shop", backends.start("new"))

        assert stage.routes.inflight()[old.address] == 1
        old.let_go.set()
        assert held.result().body == "old"
    wait_for(lambda: stage.routes.inflight() == {}, "the old worker's request")


def test_websocket_outlives_a_reload(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("old"))
    websocket = open_websocket(stage)

    reload(stage, backends)

    assert say(websocket, "still there") == "old still there"


def test_more_new_apps_than_spares_are_all_routed(stage: Stage, backends: Backends) -> None:
    backend = backends.start("any")
    versions = [stage.publish(f"app{number}", backend) for number in range(SPARES + 3)]

    stage.wait_acknowledged(versions[-1])

    for number in range(SPARES + 3):
        assert stage.get(f"app{number}.localhost").body == "any"


def test_spares_that_run_low_are_made_good_at_a_quiet_moment(
    stage: Stage, backends: Backends
) -> None:
    worker = stage.fleet().current
    backend = backends.start("any")
    for number in range(SPARES // 2 + 1):
        stage.flip(f"app{number}", backend)
    assert stage.fleet().current == worker

    wait_for(lambda: stage.has_worker() and stage.fleet().current != worker, "a reload")

    wait_for(lambda: stage.fleet().old == (), "the old worker's end")
    stage.flip("app0", backends.start("new"))
    assert stage.get("app0.localhost").body == "new"
    assert "app_app0" in stage.admin("show servers state")


def test_someone_elses_reload_is_noticed(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("old"))
    worker = stage.fleet().current
    stage.runtime.reload()
    wait_for(lambda: stage.has_worker() and stage.fleet().current != worker, "a new worker")

    stage.flip("shop", backends.start("new"))

    assert stage.get("shop.localhost").body == "new"


def test_reload_that_fails_keeps_everything_else_going(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("old"))
    worker = stage.fleet().current
    stage.layout.hosts_map.with_name("hosts.map.new").mkdir()  # the files cannot be written now

    version = stage.publish("big", *[backends.start("big") for _ in range(9)])
    stage.publish("shop", backends.start("new"))

    wait_for(lambda: stage.get("shop.localhost").body == "new", "the flip of the other app")
    wait_for(lambda: "cannot be written" in stage.log("sync"), "a complaint")
    assert stage.routes.unacknowledged(version)
    assert stage.fleet().current == worker
    stage.layout.hosts_map.with_name("hosts.map.new").rmdir()
    stage.wait_acknowledged(version)
    assert stage.get("big.localhost").body == "big"
    assert "Traceback" not in stage.log("sync")


def reload(stage: Stage, backends: Backends) -> None:
    """As an app that needs more slots than there are makes it happen."""
    worker = stage.fleet().current
    stage.flip("big", *[backends.start("big") for _ in range(9)])
    assert stage.fleet().current != worker
