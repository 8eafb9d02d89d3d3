"""A build whose worker died, or whose asker, is taken up again within seconds, and once only."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from releases.domain.build import Build, BuildStatus
from releases.platform import Platform
from releases.settings import PROJECT, Settings
from releases.upkeep.unfinished import Unfinished
from releases.work.queue import BUILDS, RELEASES
from tests.builds import end_build, queue_build, start_build
from tests.integration.builder.floor import Floor, engine_in_memory, is_gone
from tests.integration.builder.repository import Repository
from tests.services import redis_process, wait_for

pytestmark = pytest.mark.integration
REQUEST = """
import sys
from pathlib import Path
from builder.request import request_build
from builder.source.objects import Objects
from releases.domain.build import BuildRequest
from releases.platform import Platform
from releases.settings import Settings
home, url, repository, commit = sys.argv[1:]
platform = Platform.open(Settings(home=Path(home), redis_url=url))
request = BuildRequest("shop", commit, "refs/heads/main", "ann")
request_build(platform, request, Objects(Path(repository)))
"""


def test_a_killed_process_is_noticed_at_once_and_its_build_begun_again(floor: Floor) -> None:
    floor.engine.hold("shop")
    floor.start_worker()
    build = floor.push("shop")
    floor.wait_until_at_engine("shop")
    killed_at = time.monotonic()
    floor.kill_horse(build)
    floor.wait_until_at_engine("shop", times=2)
    assert time.monotonic() - killed_at < 2.0
    floor.engine.let_go("shop")
    assert floor.wait(build, BuildStatus.SUCCEEDED).attempt == 2
    line = "-----> The worker of build 1 died (killed by signal 9); it is started again"
    building = f"-----> Building shop from {build.commit[:7]}"
    lines = floor.lines(build)
    assert [one for one in lines if one in (line, building)] == [building, line, building]


def test_a_build_whose_process_is_killed_twice_failed(floor: Floor) -> None:
    floor.engine.hold("shop")
    floor.start_worker()
    build = floor.push("shop")
    for attempt in (1, 2):
        floor.wait_until_at_engine("shop", attempt)
        floor.kill_horse(build)
    ended = floor.wait(build, BuildStatus.FAILED)
    reason = "its worker process died 2 times in the middle of it, at last: killed by signal 9"
    assert ended.reason == reason
    floor.wait_for_line(build, f"App build failed: {reason}")
    floor.wait(floor.push("blog"), BuildStatus.SUCCEEDED)


def test_a_whole_worker_that_is_killed_is_noticed_by_the_others_within_ten_seconds(
    floor: Floor,
) -> None:
    floor.engine.hold("shop")
    worker = floor.start_worker()
    build = floor.push("shop")
    floor.wait_until_at_engine("shop")
    floor.start_worker()
    horse, killed_at = floor.horse(build), time.monotonic()
    worker.kill()
    wait_for(lambda: is_gone(horse), "the horse to end with its worker")
    floor.wait_until_at_engine("shop", times=2)
    assert time.monotonic() - killed_at < 12.0
    floor.engine.let_go("shop")
    assert floor.wait(build, BuildStatus.SUCCEEDED).attempt == 2


def test_a_process_that_stands_still_for_too_long_does_not_end_the_second_attempt(
    floor: Floor,
) -> None:
    floor.engine.hold("shop")
    floor.start_worker()
    floor.start_worker()
    build = floor.push("shop")
    floor.wait_until_at_engine("shop")
    horse = floor.horse(build)
    os.kill(horse, signal.SIGSTOP)
    floor.wait_until_at_engine("shop", times=2)
    second = floor.horse(build)
    floor.engine.let_go("shop")
    ended = floor.wait(build, BuildStatus.SUCCEEDED)
    os.kill(horse, signal.SIGCONT)
    wait_for(lambda: is_gone(horse) and is_gone(second), "both to end")
    assert floor.platform.store.builds.get("shop", build.number) == ended
    assert len(floor.platform.queue.waiting_builds(RELEASES)) == 1


def test_who_asked_for_a_build_may_be_gone(floor: Floor) -> None:
    floor.platform.store.apps.create("shop", "ann")
    settings = floor.platform.settings
    commit = floor.repository.commit({"index.html": ""})
    arguments = [str(settings.home), settings.redis_url, str(floor.repository.path), commit]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", REQUEST, *arguments], env=environment, check=True)
    floor.start_worker()
    (build,) = floor.platform.store.builds.list("shop")
    floor.wait(build, BuildStatus.SUCCEEDED)


@pytest.fixture
def own_redis(home: Path, repository: Repository) -> Iterator[tuple[Floor, Settings]]:
    """A floor over a Redis that can be stopped, with an append-only file."""
    settings = Settings(home=home, redis_url=f"unix://{home}/redis.sock", instance="paas-test")
    with ExitStack() as stack:
        engine = stack.enter_context(engine_in_memory(settings.instance))
        yield Floor(Platform.open(settings, 30.0), engine, repository, stack), settings


def test_a_build_goes_on_after_redis_was_away_for_longer_than_its_lease(
    own_redis: tuple[Floor, Settings],
) -> None:
    floor, settings = own_redis
    with redis_process(settings.home, "--appendonly", "yes") as (_, process):
        worker = floor.start_worker()
        floor.engine.hold("shop")
        build = floor.push("shop")
        floor.wait_until_at_engine("shop")
        horse = floor.horse(build)
        process.kill()
        process.wait()
    (settings.home / "redis.sock").unlink(missing_ok=True)
    with redis_process(settings.home, "--appendonly", "yes"):
        raw = redis.Redis.from_url(settings.redis)
        wait_for(lambda: _answers(raw), "Redis")
        raw.delete("paas:app:shop:builds:lock")  # as if it had been away for so long
        wait_for(lambda: floor.platform.store.locks.holder("shop:builds"), "it to be taken again")
        assert floor.horse(build) == horse
        floor.engine.let_go("shop")
        assert floor.wait(build, BuildStatus.SUCCEEDED).attempt == 1
        floor.wait(floor.push("blog"), BuildStatus.SUCCEEDED)
        assert worker.poll() is None


def _answers(raw: redis.Redis) -> bool:
    try:
        return bool(raw.ping())
    except redis.ConnectionError:
        return False


def look_twice(platform: Platform) -> None:
    """As a watch does, some seconds apart."""
    unfinished = Unfinished(platform)
    unfinished.look()
    unfinished.look()


def test_what_is_lost_is_taken_up_at_the_second_look(platform: Platform) -> None:
    build = queue_build(platform.store)
    unfinished = Unfinished(platform)
    unfinished.look()
    assert platform.queue.waiting_builds(BUILDS) == []
    unfinished.look()
    assert platform.queue.waiting_builds(BUILDS) == [("myapp", build.number)]
    unfinished.look()
    unfinished.look()
    assert platform.queue.waiting(BUILDS) == 1


def test_a_running_build_is_not_lost_while_somebody_holds_its_turn(platform: Platform) -> None:
    build = start_build(platform.store)
    with platform.store.locks.hold("myapp:builds", "Build 1"):
        look_twice(platform)
    assert platform.store.builds.get("myapp", build.number) == build
    look_twice(platform)
    assert platform.store.builds.get("myapp", build.number).status is BuildStatus.QUEUED


def test_a_log_that_nobody_ended_is_ended_and_the_build_closed(platform: Platform) -> None:
    older, newer = queue_build(platform.store), queue_build(platform.store, who="bob")
    look_twice(platform)
    (verdict,) = platform.store.logs.read(older.log)
    assert verdict.line == f"Build 1 was superseded by build 2 (bob's push of {newer.commit[:7]})"
    assert set(platform.store.open_builds.all()) == {("myapp", newer.number)}


def test_a_build_that_ended_well_and_was_not_handed_on_is_deployed(platform: Platform) -> None:
    ended: Build = end_build(platform.store, start_build(platform.store))
    look_twice(platform)
    assert platform.queue.waiting_builds(RELEASES) == [("myapp", ended.number)]
    look_twice(platform)
    assert platform.queue.waiting(RELEASES) == 1


def test_a_cancelled_build_whose_worker_died_is_not_begun_again(platform: Platform) -> None:
    build = start_build(platform.store)
    platform.store.builds.cancel("myapp", build.number, "bob")
    look_twice(platform)
    ended = platform.store.builds.get("myapp", build.number)
    assert (ended.status, ended.attempt) == (BuildStatus.CANCELLED, 1)
    assert platform.store.logs.read(build.log)[-1].line == "Build 1 was cancelled by bob"
