"""What is stopped stays so until it is started or deployed, and one process begins afresh alone."""

from collections.abc import Callable

import pytest

from releases.domain.config import ConfigChange
from releases.platform import Platform
from releases.rollout import changes, processes, rollback
from releases.rollout.converge import converge
from releases.rollout.processes import IsStopped, NoSuchProcess
from releases.upkeep.retire import Retirement
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, statuses
from tests.services import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def stop(platform: Platform, shop: Shop) -> Callable[[], str]:
    """Stop the app, and let what it leaves retire."""

    def stop_it() -> str:
        with shop.open() as rollout:
            line = processes.stop(rollout)
        retirement = Retirement(platform, shop.engine)
        retirement.look()
        wait_for(retirement.is_idle, "containers to stop")
        return line

    return stop_it


def routed(shop: Shop) -> dict[str, int]:
    """Hosts, and how many backends each has."""
    routes = shop.store.routes.changes_since(0).routes
    return {host: len(route.backends) for host, route in routes.items() if route}


def test_a_stopped_app_has_hosts_and_nothing_behind_them(
    shop: Shop, stop: Callable[[], str]
) -> None:
    for letter in "ab":
        deploy(shop, letter)

    assert stop() == "shop is stopped; `ps:start shop` starts it"
    assert routed(shop) == {"shop.localhost": 0}
    assert shop.engine.containers("shop") == []  # nothing is kept warm either
    assert statuses(shop) == ["v2 live", "v1 superseded"]
    assert stop() == "shop is stopped already"


def test_a_started_app_runs_as_before(shop: Shop, stop: Callable[[], str]) -> None:
    deploy(shop, "a")
    stop()
    with shop.open() as rollout:
        assert processes.start(rollout) == "v1 runs again, http://shop.localhost:8080"
        assert processes.start(rollout).startswith("shop is not stopped")

    assert shop.running() == ["v1 web.1"]
    assert routed(shop) == {"shop.localhost": 1}


def test_what_is_changed_while_it_is_stopped_starts_nothing(
    shop: Shop, stop: Callable[[], str]
) -> None:
    deploy(shop, "a")
    deploy(shop, "b")
    stop()
    with shop.open() as rollout:
        line = changes.change_config(rollout, ConfigChange({"A": "1"}), "ada")
        assert line == "v3 is live; shop is stopped until `ps:start shop`"
        assert "is stopped" in rollback.roll_back(rollout, 1, "ada")
        assert processes.scale(rollout, {"web": 3}) == "web=3 once shop is started; it is stopped"
        converge(rollout)
        with pytest.raises(IsStopped, match="shop is stopped; `ps:start shop` starts it"):
            processes.restart(rollout)

    assert shop.engine.containers("shop") == []
    assert statuses(shop)[:2] == ["v4 live", "v3 superseded"]
    with shop.open() as rollout:
        processes.start(rollout)
    assert shop.running() == ["v4 web.1", "v4 web.2", "v4 web.3"]


@pytest.mark.parametrize("letter", ["a", "b"])
def test_a_deploy_starts_what_is_stopped(shop: Shop, stop: Callable[[], str], letter: str) -> None:
    deploy(shop, "a")
    stop()
    deploy(shop, letter)

    assert shop.running() == ["v2 web.1"]
    assert routed(shop) == {"shop.localhost": 1}


def test_no_web_process_leaves_the_host_with_nothing_behind_it(shop: Shop) -> None:
    deploy(shop, "a")
    with shop.open() as rollout:
        processes.scale(rollout, {"web": 0})

    assert routed(shop) == {"shop.localhost": 0}


@pytest.mark.parametrize(
    ("name", "fresh"), [("web.2", {"web.2"}), ("web", {"web.1", "web.2"}), ("worker", {"worker.1"})]
)
def test_a_restart_of_some_leaves_the_others_alone(shop: Shop, name: str, fresh: set[str]) -> None:
    shop.store.apps.set_formation("shop", {"web": 2, "worker": 1})
    deploy(shop, "a", {"web": None, "worker": "work"})
    before = set(shop.engine.running)
    with shop.open() as rollout:
        processes.restart(rollout, [name])

    new = [one for one in shop.engine.containers("shop") if one.id not in before]
    assert {one.slot.name for one in new} == fresh
    assert len(shop.backends()) == 2


@pytest.mark.parametrize("name", ["web.3", "web.0", "web.01", "clock", "worker.1", "web.", ""])
def test_a_process_that_does_not_run_is_not_restarted(shop: Shop, name: str) -> None:
    shop.store.apps.set_formation("shop", {"web": 2, "worker": 0})
    deploy(shop, "a", {"web": None, "worker": "work"})
    with shop.open() as rollout, pytest.raises(NoSuchProcess, match="it runs web=2 worker=0"):
        processes.restart(rollout, [name])
