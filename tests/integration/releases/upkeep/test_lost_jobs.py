"""What whoever follows a job is told when its worker process died."""

import pytest

from releases.desired import Desired
from releases.log import DeployFailed, DeployLog, follow
from releases.upkeep.lost import settle_change
from tests.integration.releases.conftest import Shop

pytestmark = pytest.mark.integration


def test_a_job_that_had_not_begun_its_rollout_failed(shop: Shop) -> None:
    settle_change(shop.store, "shop", "shop:1")

    with pytest.raises(DeployFailed, match="its worker process died in the middle of it"):
        follow(shop.store.logs, "shop:1", print)


def test_a_job_of_an_app_that_is_gone_failed(shop: Shop) -> None:
    settle_change(shop.store, "gone", ":1")

    with pytest.raises(DeployFailed, match="its worker process died"):
        follow(shop.store.logs, ":1", print)


def test_a_rollout_that_the_next_converge_finishes_is_not_called_failed(shop: Shop) -> None:
    with shop.open() as rollout:
        shop.store.apps.set_target(rollout.lock, Desired(1, {"web": 1}, log="shop:1"))

    settle_change(shop.store, "shop", "shop:1")

    assert not shop.store.logs.has_ended("shop:1")
    assert "another one will finish this" in shop.store.logs.read("shop:1")[-1].line


def test_a_rollout_whose_routes_were_flipped_is_live(shop: Shop) -> None:
    with shop.open() as rollout:
        shop.store.routes.flip(rollout.lock, Desired(1, {"web": 1}, log="shop:1"), {}, [])

    settle_change(shop.store, "shop", "shop:1")

    assert follow(shop.store.logs, "shop:1", print) == "v1 is live"


def test_a_verdict_that_is_there_stays_the_only_one(shop: Shop) -> None:
    DeployLog(shop.store.logs, "shop:1").succeed("v1 is live")
    DeployLog(shop.store.logs, "shop:1").detail("a straggler")

    settle_change(shop.store, "shop", "shop:1")

    assert [entry.ended for entry in shop.store.logs.read("shop:1")] == [True, False]
