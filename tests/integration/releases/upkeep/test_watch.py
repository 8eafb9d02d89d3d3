"""What becomes of a release that does badly once it serves."""

from collections.abc import Callable

import pytest

from releases.domain.config import ConfigChange
from releases.domain.traffic import Tally, Traffic
from releases.platform import Platform
from releases.rollout import changes, processes, rollback
from releases.store.events import ROLLBACK, EventLost
from releases.upkeep.watch import Watch
from releases.work.queue import UNDO
from tests.fakes.engine import FakeEngine
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy

pytestmark = pytest.mark.integration

FINE = Traffic(1000, 2, 30.0)
BAD = Traffic(100, 60, 30.0)


@pytest.fixture
def watch(platform: Platform, shop: Shop) -> Callable[..., bool]:
    """One look, so many seconds after the newest release went live."""

    def look(later_s: float = 5.0) -> bool:
        since = shop.store.apps.get("shop").live_since
        return Watch(platform, shop.engine, clock=lambda: since + later_s).look()

    return look


def report(shop: Shop, *traffic: Traffic) -> None:
    """What a router counted at the first container, the second..."""
    shop.store.routes.join("r1")
    shop.store.routes.acknowledge("r1", 10_000, {})
    tallies = {
        f"10.214.1.{number}:5000": Tally("shop", {"1": counted})
        for number, counted in enumerate(traffic, 1)
    }
    shop.store.traffic.report("r1", tallies, {})


def undone(shop: Shop) -> list[tuple[object, ...]]:
    """App, release and reason of each undoing that was asked for."""
    return [tuple(job.args[:-1]) for job in shop.queue.jobs if job.func_name == UNDO]


def test_a_release_that_does_as_well_stays(shop: Shop, watch: Callable[..., bool]) -> None:
    for letter in "ab":
        deploy(shop, letter)
    report(shop, FINE, FINE)

    assert watch()
    assert undone(shop) == []


def test_a_release_whose_requests_fail_is_undone_with_the_reason(
    shop: Shop, watch: Callable[..., bool]
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    report(shop, FINE, BAD)
    assert watch()

    [(app, number, reason)] = undone(shop)
    assert (app, number) == ("shop", 2)
    assert "60 % of 100 requests failed" in str(reason)
    [event] = [one for one in shop.store.events.latest(10) if one.kind == ROLLBACK]
    assert event.text.startswith("v2 of shop: ")
    assert event.text.endswith("going back to v1")


def test_a_release_whose_undoing_could_not_be_asked_for_is_judged_again(
    shop: Shop, platform: Platform
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    report(shop, FINE, BAD)
    watch = Watch(platform, shop.engine)
    shop.queue.connection.set("paas:events", "no stream")
    with pytest.raises(EventLost):
        watch.look()
    shop.queue.connection.delete("paas:events")
    watch.look()

    assert len(undone(shop)) == 1


def test_a_release_that_is_much_slower_is_undone(shop: Shop, watch: Callable[..., bool]) -> None:
    for letter in "ab":
        deploy(shop, letter)
    report(shop, FINE, Traffic(100, 0, 900.0))
    watch()

    assert "900 ms" in str(undone(shop))


def test_a_release_whose_processes_die_is_undone(
    shop: Shop, watch: Callable[..., bool], engine: FakeEngine
) -> None:
    shop.store.apps.set_formation("shop", {"web": 2})
    for letter in "ab":
        deploy(shop, letter)
    engine.dying |= {"web.1", "web.2"}
    watch()

    assert "died 2 times (exit status 3)" in str(undone(shop))


def test_one_death_is_chance(shop: Shop, watch: Callable[..., bool], engine: FakeEngine) -> None:
    for letter in "ab":
        deploy(shop, letter)
    engine.dying.add("web.1")
    watch()

    assert undone(shop) == []


def test_a_first_release_is_not_watched_for_there_is_none_to_go_back_to(
    shop: Shop, watch: Callable[..., bool]
) -> None:
    deploy(shop, "a")
    report(shop, BAD)

    assert not watch()
    assert undone(shop) == []


def test_the_next_bad_release_goes_back_to_the_rollback_of_the_first(
    shop: Shop, watch: Callable[..., bool]
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    with shop.open() as rollout:
        rollback.undo(rollout, 2, "slow")
        changes.deploy(rollout, shop.built("c"))
    with shop.open() as rollout:
        rollback.undo(rollout, 4, "slow")
    assert shop.store.releases.get("shop", 5).why == "Rollback to v3: slow"
    assert not watch()


def test_the_watch_ends(shop: Shop, watch: Callable[..., bool]) -> None:
    for letter in "ab":
        deploy(shop, letter)
    report(shop, FINE, BAD)

    assert not watch(later_s=31)
    assert undone(shop) == []


def test_a_config_change_is_watched_too(shop: Shop, watch: Callable[..., bool]) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"A": "b"}), "ada")
    report(shop, FINE, BAD)
    watch()

    assert [number for _, number, _ in undone(shop)] == [2]


def test_a_rollback_is_not_watched_so_that_none_is_undone(
    shop: Shop, watch: Callable[..., bool]
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")
    report(shop, BAD, FINE)

    assert not watch()
    assert undone(shop) == []


def test_scaling_does_not_begin_the_watch_anew(shop: Shop, watch: Callable[..., bool]) -> None:
    for letter in "ab":
        deploy(shop, letter)
    since = shop.store.apps.get("shop").live_since
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 2})

    assert shop.store.apps.get("shop").live_since == since


def test_what_is_judged_is_asked_for_once(platform: Platform, shop: Shop) -> None:
    for letter in "ab":
        deploy(shop, letter)
    report(shop, FINE, BAD)
    watch = Watch(platform, shop.engine)
    watch.look()
    watch.look()

    assert len(undone(shop)) == 1
