"""What becomes of a rollout whose worker was killed."""

from dataclasses import replace

import pytest

from releases.domain.config import ConfigChange
from releases.rollout import changes, processes, rollback, terms
from releases.rollout.converge import converge
from releases.rollout.rollback import CannotRollBack
from releases.rollout.rollout import Rollout
from tests.fakes import examples
from tests.fakes.engine import FakeEngine
from tests.fakes.examples import release
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines, statuses

pytestmark = pytest.mark.integration


class Killed(BaseException):
    """The worker was killed: no `except` of ours sees it."""


class KilledAt:
    """An engine whose user is killed right after the n-th call."""

    def __init__(self, engine: FakeEngine, calls: int) -> None:
        self._engine = engine
        self._left = calls

    def __getattr__(self, name: str) -> object:
        def call(*arguments: object, **named: object) -> object:
            answer = getattr(self._engine, name)(*arguments, **named)
            self._left -= 1
            if self._left == 0:
                raise Killed
            return answer

        return call


@pytest.mark.parametrize("calls", range(1, 6))
def test_a_deploy_killed_after_any_call_to_docker_is_finished_by_the_next_converge(
    shop: Shop, calls: int
) -> None:
    deploy(shop, "a", {"web": None, "worker": "work"})
    build = shop.built("b", {"web": None, "worker": "work"})
    try:
        with shop.open(KilledAt(shop.engine, calls)) as rollout:  # type: ignore[arg-type] # a proxy
            changes.deploy(rollout, build)
    except Killed:
        assert shop.backends() == ["http://10.214.1.1:5000"]
    with shop.open() as rollout:
        converge(rollout)

    app = shop.store.apps.get("shop")
    assert app.target is None
    assert app.live is not None
    assert app.live.release == 2
    assert statuses(shop) == ["v2 live", "v1 superseded"]
    (serving,) = [one for one in shop.engine.containers("shop") if one.slot.release == 2]
    assert shop.backends() == [serving.backend]


def interrupted_deploy(shop: Shop, letter: str) -> Rollout:
    """A deploy whose worker is killed when its target is written; return its tools."""
    build = shop.built(letter)
    with (
        pytest.raises(Killed),
        shop.open(KilledAt(shop.engine, 1)) as rollout,  # type: ignore[arg-type] # a proxy
    ):
        changes.deploy(rollout, build)
    assert shop.store.apps.get("shop").target is not None
    return rollout


def test_a_change_after_an_interrupted_deploy_takes_its_place(shop: Shop) -> None:
    deploy(shop, "a")
    interrupted = interrupted_deploy(shop, "b")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"GREETING": "hello"}), "ada")

    assert statuses(shop) == ["v3 live", "v2 failed", "v1 superseded"]
    assert "something else was asked for" in log_lines(shop, interrupted)[-1]
    assert shop.store.logs.has_ended(interrupted.log.id)


def test_a_release_whose_worker_died_before_its_rollout_began_does_not_stay_pending(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    number = shop.store.apps.next_release("shop")
    shop.store.releases.add(release("shop", number))
    with shop.open() as rollout:
        converge(rollout)

    assert statuses(shop) == ["v2 failed", "v1 live"]


def test_a_deploy_that_is_begun_again_finishes_what_its_dead_worker_began(shop: Shop) -> None:
    deploy(shop, "a")
    interrupted = interrupted_deploy(shop, "b")
    with shop.open() as rollout:
        again = replace(rollout, log=interrupted.log)
        line = changes.deploy(again, shop.store.builds.get("shop", 2))

    assert line == "v2 is live, http://shop.localhost:8080"
    assert statuses(shop) == ["v2 live", "v1 superseded"]


def test_what_is_live_stays_when_it_is_asked_for_after_an_interrupted_deploy(shop: Shop) -> None:
    deploy(shop, "a")
    interrupted_deploy(shop, "b")
    with shop.open() as rollout:
        changes.deploy(rollout, shop.store.builds.get("shop", 1))
    with shop.open() as rollout:
        converge(rollout)

    assert statuses(shop) == ["v2 failed", "v1 live"]


def test_config_that_is_in_force_stays_when_it_is_set_after_an_interrupted_change(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    interrupted_deploy(shop, "b")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({}), "ada")

    assert shop.store.apps.get("shop").target is None


def test_a_command_that_is_refused_leaves_an_interrupted_deploy_to_be_finished(shop: Shop) -> None:
    deploy(shop, "a")
    interrupted_deploy(shop, "b")
    with shop.open() as rollout, pytest.raises(CannotRollBack):
        rollback.roll_back(rollout, 1, "ada")
    with shop.open() as rollout:
        converge(rollout)

    assert statuses(shop) == ["v2 live", "v1 superseded"]


def test_a_release_whose_worker_died_before_its_rollout_began_is_failed_by_the_next_converge(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    number = shop.store.apps.next_release("shop")
    shop.store.releases.add(examples.release("shop", number))
    with shop.open() as rollout:
        converge(rollout)

    assert statuses(shop) == ["v2 failed", "v1 live"]


def test_config_set_after_an_interrupted_first_deploy_takes_its_place(shop: Shop) -> None:
    interrupted_deploy(shop, "a")
    with shop.open() as rollout:
        changes.change_config(rollout, ConfigChange({"GREETING": "hello"}), "ada")
    with shop.open() as rollout:
        converge(rollout)

    assert shop.store.configs.config("shop") == {"GREETING": "hello"}
    assert statuses(shop) == ["v1 failed"]


def test_a_scale_after_an_interrupted_first_deploy_takes_its_place(shop: Shop) -> None:
    interrupted_deploy(shop, "a")
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 2})
    with shop.open() as rollout:
        converge(rollout)

    assert shop.store.apps.get("shop").formation == {"web": 2}
    assert statuses(shop) == ["v1 failed"]


def test_limits_after_an_interrupted_first_deploy_take_its_place(shop: Shop) -> None:
    interrupted_deploy(shop, "a")
    with shop.open() as rollout:
        terms.limit(rollout, "web", {"memory_mb": 256})
    with shop.open() as rollout:
        converge(rollout)

    assert shop.store.apps.get("shop").terms.limits_of("web").memory_mb == 256
    assert statuses(shop) == ["v1 failed"]


def test_a_release_that_never_began_is_failed_by_the_converge_that_finishes_another(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    interrupted_deploy(shop, "b")
    shop.store.releases.add(examples.release("shop", shop.store.apps.next_release("shop")))
    with shop.open() as rollout:
        converge(rollout)

    assert statuses(shop) == ["v3 failed", "v2 live", "v1 superseded"]


def test_what_the_pusher_was_told_has_failed_is_not_finished_after_all(shop: Shop) -> None:
    deploy(shop, "a")
    interrupted_deploy(shop, "b").log.fail("something else was asked for")
    with shop.open() as rollout:
        converge(rollout)

    assert statuses(shop) == ["v2 failed", "v1 live"]
    assert shop.store.apps.get("shop").target is None
