"""What is done about a container that was lost, how soon, and how often."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from releases.platform import Platform
from releases.rollout import processes
from releases.rollout.converge import converge
from releases.upkeep.attention import Attention
from releases.upkeep.listening import pass_on
from releases.upkeep.retire import Retirement
from releases.work.queue import CONVERGE
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy
from tests.services import wait_for

pytestmark = pytest.mark.integration


class Watch:
    """An attention with a clock of its own, and whoever works off what it asks for."""

    def __init__(self, platform: Platform, shop: Shop) -> None:
        self.now = 1_900_000_000.0
        self.shop = shop
        self.attention = Attention(platform, shop.engine, clock=lambda: self.now)

    def look(self, later_s: float = 0.0) -> list[str]:
        """Look so much later; return the jobs that wait."""
        self.now += later_s
        self.attention.look()
        return self.shop.jobs()

    def work_off(self) -> None:
        """Converge, as a worker does, and end the log."""
        with self.shop.open() as rollout:
            converge(rollout)
        for job in self.shop.queue.jobs:
            self.shop.store.logs.end(job.args[-1], ok=True, line="done")
        self.shop.queue.empty()


@pytest.fixture
def watch(platform: Platform, shop: Shop) -> Watch:
    """Over an app of two web processes."""
    shop.store.apps.set_formation("shop", {"web": 2})
    deploy(shop, "a")
    return Watch(platform, shop)


@pytest.fixture
def listening(watch: Watch) -> Iterator[Watch]:
    """The same, told by the engine."""
    ended = threading.Event()
    thread = threading.Thread(
        target=pass_on, args=(watch.shop.engine, watch.attention, ended), daemon=True
    )
    thread.start()
    wait_for(lambda: watch.shop.engine.followers, "the thread to follow")
    wait_for(lambda: watch.attention.wait_s() == 0, "the look after the connection")
    assert watch.look() == []
    yield watch
    ended.set()
    watch.shop.engine.followers[-1].close()
    thread.join(5.0)


def test_a_container_that_is_lost_is_converged_at_once(listening: Watch) -> None:
    listening.shop.engine.die("web.2", 0)
    wait_for(lambda: listening.attention.wait_s() == 0, "the event")

    assert listening.look() == [CONVERGE]
    listening.work_off()
    assert listening.look(1.0) == []
    assert len(listening.shop.running()) == 2


def test_a_burst_of_events_is_one_look_and_one_job(watch: Watch) -> None:
    watch.shop.engine.stop_all()
    for _ in range(50):
        watch.attention.lost("shop")

    assert watch.look() == [CONVERGE]
    assert watch.look() == [CONVERGE]
    assert watch.shop.engine.listings == 1


def test_a_death_that_docker_lists_late_is_seen_by_the_next_look(watch: Watch) -> None:
    watch.attention.lost("shop")
    assert watch.look() == []
    watch.shop.engine.die("web.1")
    assert watch.look(0.4) == []
    assert watch.look(0.1) == [CONVERGE]


def test_after_a_loss_there_are_ever_later_looks_for_some_seconds(watch: Watch) -> None:
    watch.attention.lost("shop")
    waits = []
    for _ in range(5):
        assert watch.look() == []
        waits.append(round(watch.attention.wait_s(), 1))
        watch.now += waits[-1]
    assert waits == [0.5, 0.5, 1.0, 2.0, 4.0]
    assert watch.look() == []
    assert watch.attention.wait_s() > 60


def test_nothing_is_asked_for_twice_while_a_converge_is_under_way(watch: Watch) -> None:
    watch.shop.engine.die("web.1")
    watch.attention.lost("shop")
    for _ in range(3):
        assert watch.look(1.0) == [CONVERGE]


def test_who_holds_the_lock_comes_first_and_the_loss_is_not_forgotten(watch: Watch) -> None:
    watch.shop.engine.die("web.1")
    watch.attention.lost("shop")
    with watch.shop.open():
        assert watch.look() == []
    assert watch.attention.wait_s() == 0.5
    assert watch.look(0.5) == [CONVERGE]


def test_what_we_retire_ourselves_causes_nothing(listening: Watch, platform: Platform) -> None:
    with listening.shop.open() as rollout:
        processes.scale(rollout, {"web": 1})
    retirement = Retirement(platform, listening.shop.engine)
    retirement.look()
    wait_for(retirement.is_idle, "the second one to stop")

    assert listening.shop.running() == ["v1 web.1"]
    assert listening.attention.wait_s() > 0
    assert listening.look(100.0) == []


def test_an_app_that_is_stopped_or_of_nobody_causes_nothing(watch: Watch) -> None:
    with watch.shop.open() as rollout:
        processes.stop(rollout)
    watch.attention.lost("shop")
    watch.attention.lost("gone")
    assert watch.look() == watch.look(4) == watch.look(4) == []
    assert watch.attention.wait_s() > 60


def test_one_that_rests_is_looked_at_when_its_time_comes(watch: Watch) -> None:
    watch.shop.engine.dying.add("web.2")
    watch.shop.engine.die("web.2")
    watch.attention.lost("shop")
    assert watch.look() == [CONVERGE]
    watch.work_off()  # it fails twice: once before, and once more when it is started again
    [crash] = watch.shop.store.crashes.of("shop").values()
    watch.now = crash.at
    watch.attention.lost("shop")
    assert watch.look() == watch.look(4) == watch.look(4) == []
    assert 1.0 < watch.attention.wait_s() < 3.0
    assert watch.look(2.0) == [CONVERGE]


def test_one_that_lived_for_ten_minutes_is_forgotten_and_that_is_said_once(watch: Watch) -> None:
    for _ in range(2):
        watch.shop.engine.die("web.2")
        watch.work_off()
    [resting] = watch.shop.store.crashes.of("shop").items()
    watch.shop.store.crashes.note("shop", resting[0], replace(resting[1], next_at=1.0))
    watch.work_off()
    [crash] = watch.shop.store.crashes.of("shop").values()
    watch.now = crash.back_at + 599
    for later_s in (0, 2, 2):
        watch.attention.everything()
        watch.look(later_s)

    assert watch.shop.store.crashes.of("shop") == {}
    events = [event.text for event in watch.shop.store.events.latest(10)]
    assert events == ["web.2 of shop crashed: exit status 3", "web.2 of shop runs well again"]


def test_when_docker_is_back_everything_is_looked_at(listening: Watch) -> None:
    engine = listening.shop.engine
    for one in engine.containers("shop"):
        engine.running[one.id] = type(one)(**{**vars(one), "state": "exited"})  # nobody was told
    engine.followers[-1].close()
    wait_for(lambda: len(engine.followers) == 2, "the thread to follow again")
    wait_for(lambda: listening.attention.wait_s() == 0, "everything to be looked at")

    assert listening.look() == [CONVERGE]


def test_what_ended_with_docker_does_not_count_to_a_process_that_was_well(watch: Watch) -> None:
    for _ in range(3):
        watch.attention.begin_afresh()
        watch.shop.engine.stop_all()
        watch.work_off()
        assert len(watch.shop.running()) == 2
        assert {crash.count for crash in watch.shop.store.crashes.of("shop").values()} == {1}
    assert watch.shop.store.events.latest(10) == []


def test_a_crash_loop_outlives_a_restart_of_the_platform(watch: Watch) -> None:
    for _ in range(2):
        watch.shop.engine.die("web.2")
        watch.work_off()
    watch.attention.begin_afresh()

    [crash] = watch.shop.store.crashes.of("shop").values()
    assert (crash.count, crash.is_down) == (2, True)


def test_what_was_asked_for_and_is_heard_of_no_more_is_asked_for_again(watch: Watch) -> None:
    watch.shop.engine.die("web.1")
    watch.attention.lost("shop")
    assert watch.look() == [CONVERGE]
    watch.shop.queue.empty()
    assert watch.look(59.0) == []
    assert watch.look(1.0) == [CONVERGE]


def test_a_full_look_is_one_listing_whatever_the_number_of_apps(watch: Watch) -> None:
    for number in range(5):
        watch.shop.store.apps.create(f"other-{number}", "ada")
    watch.attention.everything()

    assert watch.look() == []
    assert watch.shop.engine.listings == 1
