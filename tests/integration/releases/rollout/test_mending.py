"""What becomes of processes that ended: each by itself, at once or later, and never for ever."""

from collections.abc import Callable

import pytest

from releases.rollout.converge import converge
from releases.rollout.mending import mend
from releases.rollout.rollout import Rollout
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy, log_lines

pytestmark = pytest.mark.integration
Mend = Callable[[float], Rollout]


@pytest.fixture
def mend_at(shop: Shop) -> Mend:
    """Mend what is live, so many seconds after noon."""

    def mend_it(at: float) -> Rollout:
        live = shop.store.apps.get("shop").live
        assert live
        with shop.open() as rollout:
            release = shop.store.releases.get("shop", live.release)
            mend(rollout, release, live, clock=lambda: 1000.0 + at)
        return rollout

    return mend_it


def states(shop: Shop) -> dict[str, str]:
    """By process."""
    return {one.slot.name: one.state for one in shop.engine.containers("shop")}


def crash(shop: Shop, name: str = "web.1") -> tuple[int, str, float]:
    """How often, why, and when it is tried again, in seconds after noon."""
    [found] = [one for slot, one in shop.store.crashes.of("shop").items() if slot.name == name]
    return found.count, found.reason, found.next_at - 1000.0


def test_one_that_ended_is_started_again_at_once_and_the_next_time_later(
    shop: Shop, mend_at: Mend
) -> None:
    deploy(shop, "a")
    shop.engine.die("web.1", 0)
    mend_at(0)
    assert states(shop) == {"web.1": "running"}
    assert crash(shop)[:2] == (1, "exit status 0")

    shop.engine.die("web.1", out_of_memory=True)
    for second in (1, 5, 10):
        mend_at(second)
        assert states(shop) == {"web.1": "exited"}
    assert crash(shop) == (2, "killed for memory", 11.0)
    mend_at(11)
    assert states(shop) == {"web.1": "running"}
    assert crash(shop)[2] < 0  # it runs: no next try


def test_a_crash_loop_is_never_given_up_and_ever_slower(shop: Shop, mend_at: Mend) -> None:
    deploy(shop, "a")
    shop.engine.dying.add("web.1")
    shop.engine.die("web.1")
    at, waits = 0.0, []
    for _ in range(8):
        mend_at(at)
        waits.append(crash(shop)[2] - at)
        at += waits[-1]
        shop.engine.die("web.1")

    assert waits == [10, 30, 60, 120, 240, 480, 600, 600]


def test_one_that_cannot_be_healthy_keeps_no_other_from_being_repaired_and_routed(
    shop: Shop,
) -> None:
    shop.store.apps.set_formation("shop", {"web": 3, "worker": 1})
    deploy(shop, "a", {"web": None, "worker": "work"})
    shop.engine.stop_all()
    shop.engine.dying = {"web.2", "worker.1"}
    with shop.open() as rollout:
        converge(rollout)

    assert shop.backends() == ["http://10.214.1.1:5000", "http://10.214.1.3:5000"]
    said = [line for line in log_lines(shop, rollout) if "is down" in line]
    assert said == [
        " !     web.2 is down (exit status 3), tried again in 10 s",
        " !     worker.1 is down (exit status 3), tried again in 10 s",
    ]


def test_where_no_web_process_is_healthy_the_routes_stay_as_they_are(shop: Shop) -> None:
    deploy(shop, "a")
    before = shop.store.routes.changes_since(0)
    shop.engine.dying.add("web.1")
    with shop.open() as rollout:
        converge(rollout)

    assert shop.store.routes.changes_since(0) == before


def test_one_that_docker_refuses_keeps_no_other_from_being_started(
    shop: Shop, mend_at: Mend
) -> None:
    shop.store.apps.set_formation("shop", {"web": 3})
    deploy(shop, "a")
    for one in shop.engine.containers("shop"):
        shop.engine.retire(one, 0)
    shop.engine.refused.add("web.2")
    mend_at(0)

    assert states(shop) == {"web.1": "running", "web.3": "running"}
    assert crash(shop, "web.2") == (1, "cannot start web.2", 0.0)


def test_an_image_that_is_gone_is_noted_and_what_runs_stays_routed(shop: Shop) -> None:
    shop.store.apps.set_formation("shop", {"web": 2})
    deploy(shop, "a")
    first, second = shop.engine.containers("shop")
    shop.engine.retire(second, 0)
    shop.engine.refused.add("web.2")
    with shop.open() as rollout:
        converge(rollout)

    assert shop.backends() == [first.backend]


def test_the_crash_of_one_release_holds_up_no_other(shop: Shop, mend_at: Mend) -> None:
    deploy(shop, "a")
    for at in (0, 1):
        shop.engine.die("web.1")
        mend_at(at)
    deploy(shop, "b")
    shop.forget_old()
    shop.engine.die("web.1")
    mend_at(2)

    assert states(shop) == {"web.1": "running"}
    assert crash(shop)[0] == 1


def test_the_event_log_has_one_line_for_a_loop_of_crashes(shop: Shop, mend_at: Mend) -> None:
    deploy(shop, "a")
    for at in (0, 100, 200):
        shop.engine.die("web.1")
        mend_at(at)

    events = [event.text for event in shop.store.events.latest(10) if event.kind == "process"]
    assert events == ["web.1 of shop crashed: exit status 3"]


def test_one_that_is_healthy_again_is_routed_again(shop: Shop) -> None:
    shop.store.apps.set_formation("shop", {"web": 2})
    deploy(shop, "a")
    for dying in ({"web.2"}, set[str]()):
        shop.engine.dying = dying
        with shop.open() as rollout:
            converge(rollout)
        assert len(shop.backends()) == 2 - len(dying)
