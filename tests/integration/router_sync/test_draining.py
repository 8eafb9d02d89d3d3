"""Requests that are under way when their backend leaves: reported until they are done."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.router_sync.backends import Backends
from tests.integration.router_sync.stage import Stage
from tests.services import wait_for

pytestmark = pytest.mark.integration


def test_a_request_in_flight_is_reported_with_the_first_acknowledgement(
    stage: Stage, backends: Backends
) -> None:
    old = backends.start("old")
    stage.flip("shop", old)
    with ThreadPoolExecutor() as clients:
        held = [clients.submit(stage.get, "shop.localhost", "/held") for _ in range(3)]
        wait_for(lambda: in_flight_of(stage, old.address) == 3, "three requests")

        stage.flip("shop", backends.start("new"))

        assert stage.routes.inflight() == {old.address: 3}
        assert stage.get("shop.localhost").body == "new"
        old.let_go.set()
        wait_for(lambda: stage.routes.inflight() == {}, "the old backend to be idle")
        assert {one.result().body for one in held} == {"old"}


def test_an_idle_backend_is_done_after_two_looks(stage: Stage, backends: Backends) -> None:
    old = backends.start("old")
    stage.flip("shop", old)

    stage.flip("shop", backends.start("new"))

    assert list(stage.routes.inflight()) == [old.address]
    wait_for(lambda: stage.routes.inflight() == {}, "two looks", timeout_s=1.0)


def test_a_backend_that_comes_back_while_it_drains_serves_again(
    stage: Stage, backends: Backends
) -> None:
    first, second = backends.start("first"), backends.start("second")
    stage.flip("shop", first)
    with ThreadPoolExecutor() as clients:
        held = clients.submit(stage.get, "shop.localhost", "/held")
        wait_for(lambda: in_flight_of(stage, first.address) == 1, "the request")
        stage.flip("shop", second)

        stage.flip("shop", first)

        assert stage.get("shop.localhost").body == "first"
        assert first.address not in stage.routes.inflight()
        first.let_go.set()
        assert held.result().body == "first"


def test_more_flips_than_slots_while_everything_drains(stage: Stage, backends: Backends) -> None:
    fleet = stage.fleet()
    started = [backends.start(f"v{number}") for number in range(12)]
    with ThreadPoolExecutor(12) as clients:
        held = []
        for number, backend in enumerate(started):
            stage.flip("shop", backend)
            assert stage.get("shop.localhost").body == f"v{number}"
            held.append(clients.submit(stage.get, "shop.localhost", "/held"))
            wait_for(lambda one=backend: in_flight_of(stage, one.address), "the request")
        assert set(stage.routes.inflight()) == {one.address for one in started[:-1]}
        for backend in started:
            backend.let_go.set()
        assert [one.result().body for one in held] == [one.name for one in started]

    assert stage.fleet() == fleet


def in_flight_of(stage: Stage, address: str) -> int:
    """As HAProxy counts it now, in the worker that takes connections."""
    rows = [line.split(",") for line in stage.admin("show stat -1 4 -1").splitlines()]
    names = rows[0]
    return sum(
        int(row[names.index("scur")]) for row in rows[1:] if row[names.index("addr")] == address
    )
