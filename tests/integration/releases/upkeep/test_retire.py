"""When old containers stop: never before every router let them go and their requests are done."""

from collections.abc import Callable

import pytest

from releases.domain.container import Container
from releases.engine.protocol import EngineFailed
from releases.platform import Platform
from releases.rollout import changes, processes
from releases.upkeep.loop import request_convergence
from releases.upkeep.retire import Retirement
from releases.work.queue import RELEASES
from tests.fakes.engine import FakeEngine
from tests.integration.releases.conftest import Shop
from tests.services import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def look(platform: Platform, shop: Shop) -> Callable[[], bool]:
    """One look of the converger, which comes back when what it stopped is gone."""
    retirement = Retirement(platform, shop.engine)

    def look_and_wait() -> bool:
        is_busy = retirement.look()
        wait_for(retirement.is_idle, "containers to stop")
        return is_busy

    return look_and_wait


def deploy(shop: Shop, letter: str) -> None:
    """Build and deploy a commit."""
    with shop.open() as rollout:
        changes.deploy(rollout, shop.built(letter))


def confirm(shop: Shop, inflight: dict[str, int] | None = None) -> None:
    """The router confirms the newest routes."""
    newest = shop.store.routes.changes_since(0).version
    shop.store.routes.acknowledge("r1", newest, inflight or {})


def test_old_containers_are_frozen_once_the_router_let_them_go(
    shop: Shop, look: Callable[[], bool]
) -> None:
    deploy(shop, "a")
    deploy(shop, "b")

    look()

    assert shop.running() == ["v2 web.1"]


def test_old_containers_stay_while_a_router_has_not_confirmed(
    shop: Shop, look: Callable[[], bool]
) -> None:
    deploy(shop, "a")
    shop.store.routes.join("r1")
    confirm(shop)
    confirm_ahead(shop)
    deploy(shop, "b")
    forget_confirmation(shop)

    assert look() is True
    assert shop.running() == ["v1 web.1", "v2 web.1"]

    confirm(shop)
    look()
    assert shop.running() == ["v2 web.1"]


def confirm_ahead(shop: Shop) -> None:
    """The rollout is not to wait ten seconds for a router that a test plays: confirm ahead."""
    shop.store.routes.acknowledge("r1", 10_000, {})


def forget_confirmation(shop: Shop) -> None:
    """Back to what the router really confirmed."""
    shop.store.routes.acknowledge("r1", 0, {})


def test_old_containers_stay_while_they_have_requests_in_flight(
    shop: Shop, look: Callable[[], bool]
) -> None:
    shop.store.routes.join("r1")
    confirm_ahead(shop)
    deploy(shop, "a")
    deploy(shop, "b")
    confirm(shop, {"10.214.1.1:5000": 2})

    assert look() is True
    assert shop.running() == ["v1 web.1", "v2 web.1"]

    confirm(shop, {})
    look()
    assert shop.running() == ["v2 web.1"]


def test_the_drain_time_ends_the_wait_for_requests(shop: Shop, platform: Platform) -> None:
    shop.store.routes.join("r1")
    confirm_ahead(shop)
    deploy(shop, "a")
    deploy(shop, "b")
    confirm(shop, {"10.214.1.1:5000": 2})
    live = shop.store.apps.get("shop").live
    assert live is not None
    later = live.flipped_at + platform.settings.drain_s + 1
    retirement = Retirement(platform, shop.engine, clock=lambda: later)

    retirement.look()

    wait_for(lambda: shop.running() == ["v2 web.1"], "the old container to stop")


def test_nothing_is_stopped_while_a_rollout_holds_the_lock(
    shop: Shop, look: Callable[[], bool]
) -> None:
    deploy(shop, "a")
    deploy(shop, "b")
    with shop.open():
        assert look() is True
        assert shop.running() == ["v1 web.1", "v2 web.1"]


def test_a_slot_that_is_scaled_down_and_up_again_gets_a_new_container(
    shop: Shop, look: Callable[[], bool]
) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 2})
        processes.scale(rollout, {"web": 1})
    (second,) = [one for one in shop.engine.containers("shop") if one.slot.index == 2]
    shop.engine.condemn(second)
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 2})

    assert second.backend not in shop.backends()
    assert len(shop.backends()) == 2
    look()
    assert second.id in shop.engine.stopped


def test_what_a_failed_rollout_started_is_stopped_too(shop: Shop, look: Callable[[], bool]) -> None:
    deploy(shop, "a")
    shop.engine.dying.add("web.1")
    with pytest.raises(Exception, match=r"web\.1 exited"):
        deploy(shop, "b")

    look()

    assert shop.running() == ["v1 web.1"]


class RefusedFor(FakeEngine):
    """Docker has trouble with one app."""

    def containers(self, app: str) -> list[Container]:
        if app == "broken":
            raise EngineFailed("cannot list the containers of broken: no space left")
        return super().containers(app)


def test_trouble_with_one_app_does_not_keep_the_others_waiting(
    shop: Shop, platform: Platform
) -> None:
    deploy(shop, "a")
    deploy(shop, "b")
    shop.store.apps.create("broken", "ada")
    shop.store.retire_later("broken")
    engine = RefusedFor()
    engine.running = shop.engine.running

    Retirement(platform, engine).look()

    wait_for(lambda: shop.running() == ["v2 web.1"], "the old container to stop")


def test_an_app_that_docker_had_trouble_with_is_looked_at_again_soon(
    shop: Shop, platform: Platform
) -> None:
    shop.store.apps.create("broken", "ada")
    shop.store.retire_later("broken")

    assert Retirement(platform, RefusedFor()).look() is True
    assert shop.store.retiring() == ["broken"]


def test_when_nothing_is_left_the_converger_may_sleep(shop: Shop, look: Callable[[], bool]) -> None:
    deploy(shop, "a")

    assert look() is False


def test_at_the_start_every_live_app_is_converged(shop: Shop, platform: Platform) -> None:
    deploy(shop, "a")

    request_convergence(platform, everything=True)

    assert platform.queue.waiting(RELEASES) == 1


def test_the_resync_converges_only_a_rollout_that_nobody_works_on(
    shop: Shop, platform: Platform
) -> None:
    deploy(shop, "a")
    app = shop.store.apps.get("shop")
    with shop.open() as rollout:
        shop.store.apps.set_target(rollout.lock, app.live)
        request_convergence(platform, everything=False)
        assert platform.queue.waiting(RELEASES) == 0

    request_convergence(platform, everything=False)
    assert platform.queue.waiting(RELEASES) == 1


def test_many_apps_are_looked_at_with_one_listing(shop: Shop, platform: Platform) -> None:
    for letter in "ab":
        deploy(shop, letter)
    for number in range(20):
        shop.store.apps.create(f"idle-{number}", "ada")
        shop.store.retire_later(f"idle-{number}")
    engine = Listed()
    engine.running = shop.engine.running

    assert Retirement(platform, engine).look() is True
    assert (engine.listings, set(engine.asked)) == (1, {"shop"})
    assert shop.frozen() == ["v1 web.1"]
    assert shop.store.retiring() == ["shop"]


class Listed(FakeEngine):
    """Remembers for which apps alone it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def containers(self, app: str) -> list[Container]:
        self.asked.append(app)
        return super().containers(app)
