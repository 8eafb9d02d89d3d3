"""A new release on a share of the requests: promoted, dropped, killed in the middle."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from releases.domain.canary import Canary, Said, Word
from releases.domain.route import Route
from releases.domain.traffic import Tally, Traffic
from releases.rollout import changes, rollback
from releases.rollout.canary import CanaryFailed
from releases.rollout.converge import converge
from releases.rollout.give_up import put_aside
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines, statuses
from tests.services import wait_for

pytestmark = pytest.mark.integration

OLD, NEW = "10.214.1.1:5000", "10.214.1.2:5000"
LONG = Canary(10, 3600)
OVER = Canary(10, 1, began_at=1.0)  # its time is up as soon as it begins


@pytest.fixture
def trial(shop: Shop) -> Callable[..., object]:
    """A second deploy on a share, in a thread of its own; yields its outcome."""

    @contextmanager
    def begin(canary: Canary = LONG) -> Iterator[list[object]]:
        deploy(shop, "a")
        shop.store.apps.set_canary("shop", canary)
        outcome: list[object] = []

        def run() -> None:
            try:
                outcome.append(deploy(shop, "b"))
            except CanaryFailed as error:
                outcome.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        wait_for(lambda: is_on_trial(shop), "the canary to begin")
        yield outcome
        thread.join(20)

    return begin


def is_on_trial(shop: Shop) -> bool:
    """Whether the canary has begun."""
    target = shop.store.apps.get("shop").target
    return bool(target and target.canary and target.canary.began_at)


def report(shop: Shop, **traffic: Traffic) -> None:
    """What a router counted at the old and at the new containers."""
    shop.store.routes.join("r1")
    shop.store.routes.acknowledge("r1", 10_000, {})
    tallies = {
        address: Tally("shop", {"1": traffic[name]})
        for name, address in (("old", OLD), ("new", NEW))
        if name in traffic
    }
    shop.store.traffic.report("r1", tallies, {})


def weights(shop: Shop) -> dict[str, int]:
    """What the route of the app says of shares, by address."""
    route = shop.store.routes.changes_since(0).routes["shop.localhost"]
    assert route
    return {backend.removeprefix("http://"): weight for backend, weight in route.weights.items()}


def test_a_canary_gets_its_share_and_live_stays_what_it_was(
    shop: Shop, trial: Callable[..., Iterator[list[object]]]
) -> None:
    with trial() as outcome:
        shares = weights(shop)
        assert shares[NEW] / sum(shares.values()) == pytest.approx(0.1, abs=0.01)
        assert statuses(shop) == ["v2 pending", "v1 live"]
        shop.store.apps.say_of_canary("shop", 2, Said(Word.PROMOTE, "ada"))
    assert str(outcome[0]).startswith("v2 is live")


def test_a_canary_that_does_well_is_promoted_when_its_time_is_up(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.apps.set_canary("shop", OVER)
    assert deploy(shop, "b").startswith("v2 is live")
    assert (shop.backends(), weights(shop)) == ([f"http://{NEW}"], {})


def test_a_canary_that_does_worse_is_dropped_and_everything_is_as_before(
    shop: Shop, trial: Callable[..., Iterator[list[object]]]
) -> None:
    with trial() as outcome:
        report(shop, old=Traffic(900, 1, 20.0), new=Traffic(100, 60, 20.0))
    assert "v2 did worse on its share: " in str(outcome[0])
    assert (shop.backends(), weights(shop)) == ([f"http://{OLD}"], {})
    assert statuses(shop) == ["v2 failed", "v1 live"]
    assert shop.store.apps.get("shop").target is None


def test_a_canary_whose_process_dies_is_dropped(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.apps.set_canary("shop", LONG)
    with (
        shop.open() as rollout,
        pytest.raises(Exception, match=r"web\.1 exited"),
    ):
        changes.deploy(replace(rollout, engine=Dying(shop, rollout)), shop.built("b"))  # type: ignore[arg-type] # a proxy
    assert (shop.backends(), weights(shop)) == ([f"http://{OLD}"], {})


class Dying:
    """The engine, whose web.1 dies once it is on trial."""

    def __init__(self, shop: Shop, rollout: object) -> None:
        self._shop = shop

    def __getattr__(self, name: str) -> object:
        if name == "condition" and is_on_trial(self._shop):
            self._shop.engine.dying.add("web.1")
        return getattr(self._shop.engine, name)


def test_a_canary_is_aborted_by_a_word(
    shop: Shop, trial: Callable[..., Iterator[list[object]]]
) -> None:
    with trial() as outcome:
        shop.store.apps.say_of_canary("shop", 2, Said(Word.ABORT, "bob"))
    assert str(outcome[0]) == "v2 was aborted by bob"
    assert shop.backends() == [f"http://{OLD}"]


def test_a_word_of_an_earlier_canary_says_nothing_of_this_one(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.apps.say_of_canary("shop", 1, Said(Word.ABORT, "bob"))
    shop.store.apps.set_canary("shop", OVER)
    assert deploy(shop, "b").startswith("v2 is live")


def interrupted(shop: Shop) -> None:
    """A canary whose worker was killed; its time is up by now."""
    deploy(shop, "a")
    deploy(shop, "b")
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")
        target = shop.store.apps.get("shop").live
        assert target
        number = shop.store.apps.next_release("shop")
        release = replace(shop.store.releases.get("shop", 2), number=number)
        shop.store.releases.add(release)
        on_trial = replace(target, release=number, origin=2, canary=OVER, log=rollout.log.id)
        shop.store.apps.set_target(rollout.lock, on_trial)


def test_a_canary_whose_worker_was_killed_goes_on_with_the_next_converge(shop: Shop) -> None:
    interrupted(shop)
    with shop.open() as rollout:
        converge(rollout)
    assert shop.backends() == [f"http://{NEW}"]


def test_a_canary_that_was_bad_when_its_worker_was_killed_is_not_promoted(shop: Shop) -> None:
    interrupted(shop)
    report(shop, old=Traffic(0, 0, 0.0), new=Traffic(100, 90, 20.0))
    with shop.open() as rollout, pytest.raises(CanaryFailed):
        converge(rollout)
    assert shop.backends() == [f"http://{OLD}"]


def test_a_canary_that_had_failed_when_its_worker_was_killed_is_taken_back(shop: Shop) -> None:
    interrupted(shop)
    shop.store.releases.fail("shop", 4, "v4 did worse")
    with shop.open() as rollout, pytest.raises(Exception, match="v4 failed: v4 did worse"):
        converge(rollout)
    assert (shop.backends(), shop.store.apps.get("shop").target) == ([f"http://{OLD}"], None)


def test_what_is_asked_for_after_a_killed_canary_takes_its_share_back(shop: Shop) -> None:
    interrupted(shop)
    shop.engine.dying.add("web.1")
    with shop.open() as rollout, pytest.raises(Exception, match=r"web\.1 exited"):
        changes.deploy(rollout, shop.built("c"))
    assert (shop.backends(), weights(shop)) == ([f"http://{OLD}"], {})


def test_a_share_whose_beginning_was_not_written_any_more_is_taken_back(shop: Shop) -> None:
    interrupted(shop)
    with shop.open() as rollout:
        target = shop.store.apps.get("shop").target
        assert target
        shop.store.apps.set_target(rollout.lock, replace(target, canary=LONG))
        backends = (f"http://{OLD}", f"http://{NEW}")
        route = Route("shop.localhost", "shop", backends, {backends[0]: 9, backends[1]: 1})
        shop.store.routes.publish(rollout.lock, [route])
        put_aside(rollout)
    assert (shop.backends(), weights(shop)) == ([f"http://{OLD}"], {})


def test_a_first_deploy_and_a_rollback_are_no_canaries(shop: Shop) -> None:
    shop.store.apps.set_canary("shop", LONG)
    deploy(shop, "a")
    shop.store.apps.set_canary("shop", None)
    deploy(shop, "b")
    shop.store.apps.set_canary("shop", LONG)
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")
    assert not any("of the requests" in line for line in log_lines(shop, rollout))


def test_a_canary_that_was_set_while_one_for_once_was_under_way_stays(
    shop: Shop, trial: Callable[..., Iterator[list[object]]]
) -> None:
    with trial(replace(LONG, once=True)):
        shop.store.apps.set_canary("shop", OVER)
        shop.store.apps.say_of_canary("shop", 2, Said(Word.PROMOTE, "ada"))
    assert shop.store.apps.get("shop").canary == OVER


def test_a_canary_that_was_set_after_one_for_once_outlives_a_repair(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.apps.set_canary("shop", replace(OVER, once=True))
    deploy(shop, "b")
    shop.store.apps.set_canary("shop", LONG)
    with shop.open() as rollout:
        converge(rollout)
    assert shop.store.apps.get("shop").canary == LONG


def test_a_canary_for_once_is_for_the_next_release_that_goes_live(shop: Shop) -> None:
    deploy(shop, "a")
    shop.store.apps.set_canary("shop", replace(LONG, once=True))
    shop.store.apps.say_of_canary("shop", 2, Said(Word.PROMOTE, "ada"))
    deploy(shop, "b")
    assert shop.store.apps.get("shop").canary is None
