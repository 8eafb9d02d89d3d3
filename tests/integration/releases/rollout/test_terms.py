"""Limits and the restart policy: at once where they changed, and for every later release."""

import pytest

from releases.domain.app import BadScale
from releases.domain.config import ConfigChange
from releases.domain.limits import Limits, Terms
from releases.platform import Platform
from releases.rollout import changes, rollback, terms
from releases.rollout.health import UnhealthyRelease
from releases.upkeep.retire import Retirement
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, statuses
from tests.services import wait_for

pytestmark = pytest.mark.integration
BOTH: dict[str, str | None] = {"web": None, "worker": "work"}


def limits(shop: Shop) -> dict[str, Limits]:
    """What the newest container of each process was started with."""
    containers = sorted(shop.engine.running.values(), key=lambda one: int(one.id))
    return {
        one.slot.name: shop.engine.terms[one.id].limits_of(one.slot.process_type)
        for one in containers
    }


def test_a_limit_restarts_the_processes_of_its_type_and_no_others(shop: Shop) -> None:
    shop.store.apps.set_formation("shop", {"web": 1, "worker": 1})
    deploy(shop, "a", BOTH)
    with shop.open() as rollout:
        line = terms.limit(rollout, "worker", {"memory_mb": 256})

    assert line == "Limits of worker: 256 MB"
    assert shop.running() == ["v1 web.1", "v1 worker.1", "v1 worker.1"]
    assert limits(shop) == {"web.1": Limits(), "worker.1": Limits(memory_mb=256)}
    assert statuses(shop) == ["v1 live"]


def test_a_limit_stays_for_later_releases(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        terms.limit(rollout, "*", {"pids": 99})
        changes.change_config(rollout, ConfigChange({"A": "1"}), "ada")
    deploy(shop, "b")

    assert limits(shop) == {"web.1": Limits(pids=99)}
    assert shop.store.apps.get("shop").terms == Terms({"*": Limits(pids=99)})


def test_a_limit_before_the_first_deploy_is_honoured(shop: Shop) -> None:
    with shop.open() as rollout:
        assert terms.limit(rollout, "web", {"cpus": 0.5}).endswith("from the first deploy on")
        terms.set_restart_policy(rollout, "always")
    deploy(shop, "a")

    assert limits(shop) == {"web.1": Limits(cpus=0.5)}
    assert shop.store.apps.get("shop").terms.restart_policy == "always"


def test_limits_that_the_processes_cannot_live_with_are_not_in_force(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.dying.add("web.1")
    with shop.open() as rollout, pytest.raises(UnhealthyRelease):
        terms.limit(rollout, "web", {"memory_mb": 6})

    assert shop.store.apps.get("shop").terms == Terms()
    assert shop.backends() == ["http://10.214.1.1:5000"]


def test_what_was_started_under_limits_that_failed_serves_under_no_others(shop: Shop) -> None:
    shop.store.apps.set_formation("shop", {"web": 1, "worker": 1})
    deploy(shop, "a", BOTH)
    shop.engine.dying.add("worker.1")
    with shop.open() as rollout, pytest.raises(UnhealthyRelease):
        terms.limit(rollout, "*", {"memory_mb": 6})
    shop.engine.dying.clear()
    with shop.open() as rollout:
        terms.limit(rollout, "*", {"memory_mb": 256})

    assert set(limits(shop).values()) == {Limits(memory_mb=256)}
    assert shop.backends() == ["http://10.214.1.5:5000"]


def test_cleared_limits_are_gone_from_what_runs(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        terms.limit(rollout, "web", {"memory_mb": 256})
        terms.limit(rollout, "*", {"pids": 99})
        terms.clear_limits(rollout, "web")
        assert limits(shop) == {"web.1": Limits(pids=99)}
        terms.clear_limits(rollout, "*")

    assert limits(shop) == {"web.1": Limits()}


def test_a_process_type_that_a_release_lacks_cannot_be_limited(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout, pytest.raises(BadScale, match="no process type clock"):
        terms.limit(rollout, "clock", {"pids": 9})


def test_what_is_frozen_under_other_limits_is_not_gone_back_to(
    shop: Shop, platform: Platform
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    retirement = Retirement(platform, shop.engine)
    retirement.look()
    wait_for(lambda: shop.frozen() == ["v1 web.1"], "the first release to be frozen")
    with shop.open() as rollout:
        terms.limit(rollout, "web", {"memory_mb": 256})
        rollback.roll_back(rollout, 0, "ada")

    assert "v3 web.1" in shop.running()
    assert limits(shop) == {"web.1": Limits(memory_mb=256)}
