"""Routes reach HAProxy: the first, a flip, a new app, a hundred flips under load."""

import time

import pytest

from tests.integration.router_sync.backends import Backend, Backends
from tests.integration.router_sync.stage import Stage
from tests.load import load_on

pytestmark = pytest.mark.integration


def test_first_route_answers_once_it_is_acknowledged(stage: Stage, backends: Backends) -> None:
    worker = stage.fleet().current

    stage.flip("shop", backends.start("v1"))

    assert stage.get("shop.localhost").body == "v1"
    assert stage.fleet().current == worker


def test_a_flip_answers_with_the_new_backend_only(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))

    stage.flip("shop", backends.start("v2"))

    assert {stage.get("shop.localhost").body for _ in range(10)} == {"v2"}


def test_a_hundred_flips_under_load_lose_nothing(stage: Stage, backends: Backends) -> None:
    fleet = stage.fleet()
    serving = backends.start("0")
    leaving: list[Backend] = []
    moments: list[float] = []
    stage.flip("shop", serving)
    with load_on(stage.port, "shop.localhost") as load:
        for number in range(1, 101):
            leaving.append(serving)
            serving = backends.start(f"{number}")
            stage.flip("shop", serving)
            moments.append(time.monotonic())
            leaving = stop_idle(stage, leaving)

    assert load.failed() == []
    assert load.count("/") > 100
    assert len(leaving) < 100
    for number, moment in enumerate(moments, 1):
        assert min(map(int, load.answers_after(moment)), default=100) >= number
    assert stage.fleet() == fleet


def stop_idle(stage: Stage, leaving: list[Backend]) -> list[Backend]:
    """As containers are retired; return those that still have requests."""
    inflight = stage.routes.inflight()
    for backend in leaving:
        if backend.address not in inflight:
            backend.stop()
    return [backend for backend in leaving if backend.address in inflight]
