"""A new release gets its share of the requests by weights, and at the end all of them."""

from collections import Counter
from collections.abc import Sequence

import pytest

from releases.domain.route import Route, shares
from tests.integration.router_sync.backends import Backend, Backends
from tests.integration.router_sync.stage import Answer, Stage
from tests.integration.router_sync.test_reloading import reload
from tests.load import load_on
from tests.services import wait_for

pytestmark = pytest.mark.integration


def test_a_canary_of_ten_percent_gets_a_tenth_of_a_thousand_requests(
    stage: Stage, backends: Backends
) -> None:
    old, new = old_and_new(stage, backends)
    with load_on(stage.port, "shop.localhost") as load:
        canary(stage, old, new, 10)

        answers = ask(stage, 1000)
        stage.flip("shop", new)
        after = ask(stage, 100)

    assert {answer.status for answer in (*answers, *after)} == {200}
    assert load.failed() == []
    assert 50 <= Counter(answer.body for answer in answers)["new"] <= 150
    assert {answer.body for answer in after} == {"new"}


def test_another_share_is_in_force_once_it_is_acknowledged(
    stage: Stage, backends: Backends
) -> None:
    old, new = old_and_new(stage, backends)
    worker = stage.fleet().current
    canary(stage, old, new, 10)

    canary(stage, old, new, 50)

    assert 90 <= news(stage, 200) <= 110
    assert stage.fleet().current == worker


def test_a_canary_that_is_dropped_gets_nothing_more(stage: Stage, backends: Backends) -> None:
    old, new = old_and_new(stage, backends)
    canary(stage, old, new, 50)

    stage.flip("shop", *old)

    assert news(stage, 60) == 0


def test_a_share_survives_a_reload(stage: Stage, backends: Backends) -> None:
    old, new = old_and_new(stage, backends)
    canary(stage, old, new, 10)

    reload(stage, backends)

    assert 15 <= news(stage, 300) <= 45
    stage.flip("shop", new)
    assert news(stage, 60) == 60


def test_a_share_survives_a_restart_of_haproxy_without_router_sync(
    stage: Stage, backends: Backends
) -> None:
    old, new = old_and_new(stage, backends)
    canary(stage, old, new, 10)
    wait_for(lambda: "app_shop.weighed" in stage.layout.hosts_map.read_text(), "the files")
    stage.kill("sync")
    stage.kill("haproxy")

    stage.start_haproxy()

    assert 15 <= news(stage, 300) <= 45
    stage.start_sync()
    stage.flip("shop", new)
    assert news(stage, 60) == 60


def test_a_slot_of_a_canary_that_is_filled_again_has_its_full_weight(
    stage: Stage, backends: Backends
) -> None:
    old, new = old_and_new(stage, backends)
    canary(stage, old, new, 2)
    reload(stage, backends)  # from here on shop has one backend, which obeys weights
    for number in range(9):
        stage.flip("shop", *old, backends.start(f"{number}"))
        wait_for(lambda: stage.routes.inflight() == {}, "slots to be free")

    assert 90 <= Counter(answer.body for answer in ask(stage, 300))["8"] <= 110


def test_a_canary_of_an_app_with_many_containers_gets_its_share(
    stage: Stage, backends: Backends
) -> None:
    old = [backends.start("old") for _ in range(10)]
    stage.flip("shop", *old)
    new = backends.start("new")

    canary(stage, old, new, 5)

    assert 10 <= news(stage, 400) <= 30


def test_weights_that_cannot_be_used_are_said_and_their_route_stays(
    stage: Stage, backends: Backends
) -> None:
    old, new = old_and_new(stage, backends)
    urls = tuple(one.url for one in (*old, new))
    with stage.platform.store.locks.hold("shop", "test") as lock:
        bad = Route("shop.localhost", "shop", urls, {new.url: 1000})
        version = stage.routes.publish(lock, [bad])
    stage.wait_acknowledged(version)

    assert {answer.status for answer in ask(stage, 30)} == {200}
    assert "weights of 'shop.localhost' left out" in stage.log("sync")


def old_and_new(stage: Stage, backends: Backends) -> tuple[list[Backend], Backend]:
    """Two old containers that serve, and a new one that does not yet."""
    old = [backends.start("old") for _ in range(2)]
    stage.flip("shop", *old)
    return old, backends.start("new")


def canary(stage: Stage, old: Sequence[Backend], new: Backend, percent: float) -> None:
    """Give the new one a share; return when it is in force."""
    urls = [one.url for one in old]
    weights = shares(urls, [new.url], percent)
    with stage.platform.store.locks.hold("shop", "test") as lock:
        routes = [Route("shop.localhost", "shop", (*urls, new.url), weights)]
        stage.wait_acknowledged(stage.routes.publish(lock, routes))


def ask(stage: Stage, count: int) -> list[Answer]:
    """Every second request on a connection that is kept."""
    kept = stage.connect()
    answers = [
        stage.ask(kept, "shop.localhost") if number % 2 else stage.get("shop.localhost")
        for number in range(count)
    ]
    kept.close()
    return answers


def news(stage: Stage, count: int) -> int:
    """How many of so many requests the new one answered."""
    return Counter(answer.body for answer in ask(stage, count))["new"]
