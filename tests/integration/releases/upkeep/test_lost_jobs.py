"""What whoever follows a job is told when its worker process died."""

import pytest

from releases.domain.desired import Desired
from releases.log import DeployFailed, DeployLog, follow
from releases.platform import Platform
from releases.upkeep.lost import settle, settle_change
from releases.work.queue import CONVERGE, DEPLOY, RELEASES, LostJob
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


def lost(task: str, log: str) -> LostJob:
    """A job of the shop that nobody works on any more."""
    return LostJob(RELEASES, "some-job", "shop", log, task)


def test_what_a_lost_job_left_is_finished_at_once(shop: Shop, platform: Platform) -> None:
    with shop.open() as rollout:
        shop.store.apps.set_target(rollout.lock, Desired(1, {"web": 1}, log="shop:1"))

    settle(platform, lost(DEPLOY, "shop:1"))

    assert [job.args for job in shop.queue.jobs] == [["shop", "shop:1"]]
    assert shop.jobs() == [CONVERGE]


def test_a_converge_that_kills_its_worker_is_not_tried_again_at_once(
    shop: Shop, platform: Platform
) -> None:
    settle(platform, lost(CONVERGE, "shop:1"))

    assert shop.jobs() == []


def test_a_verdict_that_is_there_stays_the_only_one(shop: Shop) -> None:
    DeployLog(shop.store.logs, "shop:1").succeed("v1 is live")
    DeployLog(shop.store.logs, "shop:1").detail("a straggler")

    settle_change(shop.store, "shop", "shop:1")

    assert [entry.ended for entry in shop.store.logs.read("shop:1")] == [True, False]
