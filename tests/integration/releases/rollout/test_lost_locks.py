"""What a worker may still do that has stalled until its lock was gone: nothing."""

from dataclasses import replace

import pytest

from releases.rollout import changes
from releases.rollout.converge import converge
from releases.rollout.rollout import Rollout
from releases.store.locks import LockLost
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, statuses

pytestmark = pytest.mark.integration


class Stalled:
    """An engine whose user loses the lock when it looks at a container, which has died."""

    def __init__(self, shop: Shop, rollout: Rollout) -> None:
        self._shop = shop
        self._lock = rollout.lock

    def __getattr__(self, name: str) -> object:
        if name == "condition":
            self._shop.store.locks.break_off(self._lock)
            self._shop.engine.dying.add("web.1")
        return getattr(self._shop.engine, name)


def test_a_worker_that_has_lost_its_lock_writes_no_release(shop: Shop) -> None:
    deploy(shop, "a")
    build = shop.built("b")
    with shop.open() as rollout:
        shop.store.locks.break_off(rollout.lock)  # it stalled, and the lock expired
        with pytest.raises(LockLost):
            changes.deploy(rollout, build)

    assert statuses(shop) == ["v1 live"]


def test_a_worker_that_has_lost_its_lock_fails_no_rollout_that_another_one_finishes(
    shop: Shop,
) -> None:
    deploy(shop, "a")
    build = shop.built("b")
    with shop.open() as rollout:
        stalled = replace(rollout, engine=Stalled(shop, rollout))  # type: ignore[arg-type] # a proxy
        with pytest.raises(LockLost):
            changes.deploy(stalled, build)

    assert statuses(shop) == ["v2 pending", "v1 live"]
    shop.engine.dying.clear()
    with shop.open() as rollout:
        converge(rollout)
    assert statuses(shop) == ["v2 live", "v1 superseded"]
    assert shop.backends() == ["http://10.214.1.2:5000"]
