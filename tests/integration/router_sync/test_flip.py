"""Routes reach HAProxy: the first, a flip, a new app, a hundred flips under load."""

import pytest

from tests.integration.router_sync.backends import Backends
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
    stage.flip("shop", backends.start("v0"))
    with load_on(stage.port, "shop.localhost") as load:
        for number in range(1, 101):
            stage.flip("shop", backends.start(f"v{number}"))
            assert stage.get("shop.localhost").body == f"v{number}"

    assert load.failed() == []
    assert load.count("/") > 100
    assert stage.fleet() == fleet
