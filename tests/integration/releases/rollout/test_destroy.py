"""How an app ends, also where the worker that ends it is killed, or a new app has its name."""

import pytest

from releases.domain.app import BeingDestroyed, NoSuchApp
from releases.platform import Platform
from releases.rollout import changes
from releases.rollout.converge import converge
from releases.rollout.destroy import NotToBeDestroyed, destroy
from releases.store.parked import Call
from releases.upkeep.loop import request_convergence
from releases.work.queue import DESTROY, RELEASES, SCALE
from tests.fakes.engine import FakeEngine
from tests.integration.releases.conftest import Shop

pytestmark = pytest.mark.integration


def deploy(shop: Shop) -> None:
    """Build and deploy a commit."""
    with shop.open() as rollout:
        changes.deploy(rollout, shop.built("a"))


def test_nothing_of_a_destroyed_app_is_left(shop: Shop) -> None:
    deploy(shop)
    shop.store.routes.claim_domain("shop", "www.example.com")
    shop.store.apps.mark_destroying("shop")
    with shop.open() as rollout:
        line = destroy(rollout)

    assert line == "shop is gone: routes, containers, images, repository and records"
    assert shop.engine.containers("shop") == []
    assert shop.backends() == []
    assert shop.store.routes.domain_owner("www.example.com") is None
    with pytest.raises(NoSuchApp):
        shop.store.apps.get("shop")


class Late(FakeEngine):
    """While it removes the images, somebody asks for something."""

    shop: Shop
    log = ""

    def remove_images(self, app: str) -> None:
        """There are none."""
        self.log = self.shop.store.logs.new(app)
        self.shop.store.parked.add(app, Call(SCALE, (app, {"web": 2}, "ada"), self.log))


def test_who_asks_for_something_while_an_app_is_destroyed_is_told(shop: Shop) -> None:
    shop.store.apps.mark_destroying("shop")
    engine = Late()
    engine.shop = shop
    with shop.open(engine) as rollout:
        destroy(rollout)

    [entry] = shop.store.logs.read(engine.log)
    assert (entry.line, entry.ended, entry.ok) == ("app shop was destroyed", True, False)
    assert shop.store.parked.next("shop") is None


def test_a_second_destroy_leaves_a_new_app_of_the_same_name_alone(shop: Shop) -> None:
    deploy(shop)  # the app of that name now: nobody asked to destroy it
    with shop.open() as rollout, pytest.raises(NotToBeDestroyed, match="shop was made anew"):
        destroy(rollout)

    assert shop.running() == ["v1 web.1"]
    assert shop.backends() == ["http://10.214.1.1:5000"]


def test_an_app_that_is_half_destroyed_is_not_brought_back(shop: Shop) -> None:
    deploy(shop)
    shop.store.apps.mark_destroying("shop")
    shop.store.routes.unroute("shop")
    with shop.open() as rollout, pytest.raises(BeingDestroyed):
        converge(rollout)

    assert shop.backends() == []


def test_a_destroy_that_nobody_works_on_is_asked_for_again(shop: Shop, platform: Platform) -> None:
    deploy(shop)
    shop.store.apps.mark_destroying("shop")
    with shop.open():
        request_convergence(platform, everything=False)
        assert platform.queue.waiting(RELEASES) == 0

    request_convergence(platform, everything=True)
    assert shop.jobs() == [DESTROY]
