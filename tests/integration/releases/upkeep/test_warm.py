"""What is kept frozen to go back to, for how long, and within how much memory."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from releases.domain.container import Container
from releases.platform import Platform
from releases.rollout import processes, rollback
from releases.rollout.converge import converge
from releases.upkeep.retire import Retirement
from tests.fakes.engine import FakeEngine
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines
from tests.services import wait_for

pytestmark = pytest.mark.integration

Look = Callable[..., None]


@pytest.fixture
def look(platform: Platform, shop: Shop) -> Look:
    """One look of the upkeep loop, so many seconds after the newest release went live."""

    def look_and_wait(later_s: float = 0.0, warm_memory_mb: int = 1024) -> None:
        settings = replace(platform.settings, warm_memory_mb=warm_memory_mb)
        since = shop.store.apps.get("shop").live_since
        there = replace(platform, settings=settings)
        retirement = Retirement(there, shop.engine, clock=lambda: since + later_s)
        retirement.look()
        wait_for(retirement.is_idle, "containers to stop")

    return look_and_wait


def test_web_of_the_release_before_is_frozen_and_its_workers_stop(shop: Shop, look: Look) -> None:
    shop.store.apps.set_formation("shop", {"web": 1, "worker": 1})
    for letter in "ab":
        deploy(shop, letter, {"web": None, "worker": "work"})

    look()

    assert shop.running() == ["v2 web.1", "v2 worker.1"]
    assert shop.frozen() == ["v1 web.1"]


def test_only_the_release_before_is_kept(shop: Shop, look: Look) -> None:
    for letter in "abc":
        deploy(shop, letter)
        look()

    assert (shop.frozen(), shop.running()) == (["v2 web.1"], ["v3 web.1"])


def test_what_was_kept_long_enough_is_stopped(shop: Shop, look: Look) -> None:
    for letter in "ab":
        deploy(shop, letter)
    look()
    shop.store.retire_later("shop")

    look(later_s=601)

    assert (shop.frozen(), shop.running()) == ([], ["v2 web.1"])


def test_a_container_whose_requests_do_not_end_is_stopped_and_not_frozen(
    shop: Shop, look: Look
) -> None:
    shop.store.routes.join("r1")
    shop.store.routes.acknowledge("r1", 10_000, {})
    for letter in "ab":
        deploy(shop, letter)
    shop.store.routes.acknowledge("r1", 10_000, {"10.214.1.1:5000": 1})

    look(later_s=31)

    assert (shop.frozen(), shop.running()) == ([], ["v2 web.1"])


def test_frozen_containers_take_no_more_memory_than_they_may(shop: Shop, look: Look) -> None:
    shop.store.apps.set_formation("shop", {"web": 3})
    for letter in "ab":
        deploy(shop, letter)

    look(warm_memory_mb=25)  # the fake's take ten each
    look(warm_memory_mb=25)

    assert len(shop.frozen()) == 2


class Slow(FakeEngine):
    """It takes long to measure: meanwhile the app goes back to what is frozen."""

    shop: Shop

    def memory_bytes(self, container: Container) -> int:
        """As the fake does."""
        with self.shop.open() as rollout:
            rollback.roll_back(rollout, 0, "ada")
        return super().memory_bytes(container)


def test_what_is_gone_back_to_while_memory_is_measured_is_not_stopped(
    platform: Platform, shop: Shop
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    engine = Slow()
    engine.shop, engine.running = shop, shop.engine.running
    settings = replace(platform.settings, warm_memory_mb=1)
    retirement = Retirement(replace(platform, settings=settings), engine)
    retirement.look()
    wait_for(retirement.is_idle, "containers to stop")

    assert shop.backends() == ["http://10.214.1.1:5000"]
    assert "v1 web.1" in shop.running()


def test_a_rollback_thaws_what_is_frozen_and_starts_nothing(shop: Shop, look: Look) -> None:
    for letter in "ab":
        deploy(shop, letter)
    look()
    with shop.open() as rollout:
        line = rollback.roll_back(rollout, 0, "ada")

    assert line.startswith("v3 is live")
    assert shop.backends() == ["http://10.214.1.1:5000"]
    assert "-----> Thawing web.1 of v3" in log_lines(shop, rollout)
    look()
    assert (shop.frozen(), shop.running()) == (["v2 web.1"], ["v1 web.1"])


def test_two_rollbacks_end_where_they_began(shop: Shop, look: Look) -> None:
    for letter in "ab":
        deploy(shop, letter)
    for _ in range(2):
        look()
        with shop.open() as rollout:
            rollback.roll_back(rollout, 0, "ada")

    assert shop.store.releases.get("shop", 4).why == "Rollback to v2"
    assert shop.backends() == ["http://10.214.1.2:5000"]


def test_a_rollback_finds_what_was_restarted_before_it_was_replaced(shop: Shop, look: Look) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        processes.restart(rollout)
    look()
    deploy(shop, "b")
    look()
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")

    assert shop.backends() == ["http://10.214.1.2:5000"]


def test_a_rollback_with_more_processes_than_before_starts_those_that_lack(
    shop: Shop, look: Look
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    look()
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 2})
        rollback.roll_back(rollout, 0, "ada")

    assert len(shop.backends()) == 2
    assert shop.running()[:2] == ["v1 web.1", "v2 web.1"]


def test_what_is_thawed_and_dead_fails_the_rollback_and_nothing_changes(
    shop: Shop, look: Look
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    look()
    shop.engine.dying.add("web.1")
    with shop.open() as rollout, pytest.raises(Exception, match=r"web\.1 exited"):
        rollback.roll_back(rollout, 0, "ada")

    assert shop.backends() == ["http://10.214.1.2:5000"]


def test_a_release_that_was_undone_is_failed_with_the_reason_and_not_kept(
    shop: Shop, look: Look
) -> None:
    for letter in "ab":
        deploy(shop, letter)
    look()
    with shop.open() as rollout:
        rollback.undo(rollout, 2, "9 of 10 requests failed")
    look()

    _, state = shop.store.releases.get_with_state("shop", 2)
    assert (state.status, state.reason) == ("failed", "9 of 10 requests failed")
    assert shop.store.releases.get("shop", 3).why == "Rollback to v1: 9 of 10 requests failed"
    assert (shop.frozen(), shop.running()) == ([], ["v1 web.1"])


def test_undoing_what_serves_no_more_changes_nothing(shop: Shop) -> None:
    for letter in "abc":
        deploy(shop, letter)
    with shop.open() as rollout:
        assert rollback.undo(rollout, 2, "slow") == "v2 of shop serves no more"

    live = shop.store.apps.get("shop").live
    assert live
    assert live.release == 3


def test_what_docker_froze_without_knowing_is_stopped_and_not_kept(shop: Shop, look: Look) -> None:
    for letter in "ab":
        deploy(shop, letter)
    shop.engine.hanging.add("1")
    look()

    assert (shop.frozen(), shop.running()) == ([], ["v2 web.1"])


def test_a_rollback_replaces_what_docker_froze_without_knowing(shop: Shop) -> None:
    for letter in "ab":
        deploy(shop, letter)
    shop.engine.hanging.add("1")
    with shop.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")

    assert shop.backends() == ["http://10.214.1.3:5000"]


def test_a_live_process_that_hangs_is_replaced_by_the_next_converge(shop: Shop) -> None:
    deploy(shop, "a")
    shop.engine.hanging.add("1")
    with shop.open() as rollout:
        converge(rollout)

    assert shop.backends() == ["http://10.214.1.2:5000"]
