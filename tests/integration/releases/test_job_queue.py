"""How a job gets to a worker, and that a log ends even where a worker process dies."""

import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from rq.serializers import JSONSerializer

from releases.domain.canary import LONGEST_CANARY_S
from releases.domain.config import ConfigChange
from releases.log import DeployFailed, follow
from releases.platform import Platform
from releases.settings import Settings
from releases.store import Store
from releases.store.connection import NoRedis
from releases.store.parked import Call
from releases.upkeep.lost import settle
from releases.work.queue import BUILDS, CHANGE_CONFIG, CONVERGE, RELEASES, SCALE
from tests.services import wait_for

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
HANG = "tests.integration.releases.job_that_hangs.hang"


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A release worker, as the platform runs it."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PAAS_HOME": str(settings.home),
        "PAAS_REDIS_URL": settings.redis_url,
        "PAAS_INSTANCE": settings.instance,
        "PAAS_DOCKER_HOST": f"unix://{settings.home}/no-docker.sock",
    }
    with (settings.home / "worker.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "releases"], env=environ, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def raw(settings: Settings) -> redis.Redis:
    """A client of our own, to look past the queue."""
    return redis.Redis.from_url(settings.redis, decode_responses=True)


def waiting(raw: redis.Redis, queue: str) -> list[str]:
    """Ids of the jobs that nobody has begun."""
    return list(raw.lrange(f"rq:queue:{queue}", 0, -1))


def test_a_job_waits_in_redis_as_json(platform: Platform, redis_url: str) -> None:
    job = platform.queue.request(RELEASES, SCALE, "myapp", {"web": 3}, "alice", log="myapp:1")
    record = redis.Redis.from_url(redis_url).hgetall(f"rq:job:{job}")
    data = JSONSerializer.loads(zlib.decompress(record[b"data"]))
    assert data == [SCALE, None, ["myapp", {"web": 3}, "alice", "myapp:1"], {}]
    assert JSONSerializer.loads(record[b"meta"]) == {"log": "myapp:1"}


def test_no_change_is_given_less_time_than_the_longest_canary_takes(
    platform: Platform, raw: redis.Redis
) -> None:
    job = platform.queue.request(RELEASES, CHANGE_CONFIG, "myapp", "id", "alice", log="myapp:1")
    assert int(raw.hget(f"rq:job:{job}", "timeout") or 0) > LONGEST_CANARY_S


def test_builds_never_stand_before_releases(platform: Platform, raw: redis.Redis) -> None:
    build = platform.queue.request(BUILDS, "builder.jobs.build", "myapp", 1, log="myapp:1")
    release = platform.queue.request(RELEASES, CONVERGE, "myapp", log="myapp:2")
    assert (waiting(raw, BUILDS), waiting(raw, RELEASES)) == ([build], [release])


def test_a_job_whose_worker_died_before_it_began_waits_again(
    platform: Platform, raw: redis.Redis
) -> None:
    job = platform.queue.request(RELEASES, CONVERGE, "myapp", log="myapp:1")
    raw.lmove("rq:queue:releases", "rq:queue:releases:intermediate", "LEFT", "RIGHT")
    platform.queue.settle_lost(lambda lost: None)
    assert waiting(raw, RELEASES) == []
    platform.queue.settle_lost(lambda lost: None)
    assert (waiting(raw, RELEASES), waiting(raw, "releases:intermediate")) == ([job], [])


def test_a_job_carries_no_secret(platform: Platform, redis_url: str) -> None:
    change = platform.store.configs.add_change(ConfigChange({"A": "s3cret"}))
    job = platform.queue.request(RELEASES, CHANGE_CONFIG, "myapp", change, "alice", log="myapp:1")
    record = redis.Redis.from_url(redis_url).hgetall(f"rq:job:{job}")
    fields = b" ".join([zlib.decompress(record.pop(b"data")), *record.values()])
    assert change.encode() in fields
    assert b"s3cret" not in fields


def test_a_worker_ends_the_log_of_a_job_that_cannot_be_done(
    platform: Platform, store: Store, settings: Settings
) -> None:
    log = store.logs.new("myapp")
    platform.queue.request(RELEASES, SCALE, "myapp", {"web": 3}, "alice", log=log)
    with worker(settings), pytest.raises(DeployFailed, match="app myapp does not exist"):
        follow(store.logs, log, print)


def test_a_worker_without_docker_says_so_in_one_line(
    platform: Platform, store: Store, settings: Settings
) -> None:
    store.apps.create("myapp", "alice")
    log = store.logs.new("myapp")
    platform.queue.request(RELEASES, SCALE, "myapp", {"web": 3}, "alice", log=log)
    with worker(settings), pytest.raises(DeployFailed, match="Docker does not answer at unix://"):
        follow(store.logs, log, print)


def test_whoever_waits_behind_a_call_that_was_queued_twice_goes_on(
    platform: Platform, store: Store, settings: Settings
) -> None:
    store.apps.create("myapp", "alice")
    done, waits = store.logs.new("myapp"), store.logs.new("myapp")
    store.logs.end(done, ok=True, line="done")
    store.parked.add("myapp", Call(SCALE, ("myapp", {"web": 3}, "alice"), waits))
    platform.queue.request(RELEASES, SCALE, "myapp", {"web": 3}, "alice", log=done)
    with worker(settings), pytest.raises(DeployFailed, match="Docker does not answer at unix://"):
        follow(store.logs, waits, print)


def test_a_killed_work_horse_ends_its_log_and_the_worker_goes_on(
    platform: Platform, store: Store, settings: Settings
) -> None:
    log, next_log = store.logs.new("myapp"), store.logs.new("myapp")
    platform.queue.request(RELEASES, HANG, "myapp", log=log)
    platform.queue.request(RELEASES, CONVERGE, "myapp", log=next_log)
    with worker(settings):
        with pytest.raises(DeployFailed, match="its worker process died in the middle of it"):
            follow(store.logs, log, lambda line: os.kill(int(line), signal.SIGKILL))
        with pytest.raises(DeployFailed, match="does not exist"):
            follow(store.logs, next_log, print)


def test_a_worker_that_died_with_its_work_horse_is_settled_by_the_next_sweep(
    platform: Platform, store: Store, settings: Settings, raw: redis.Redis
) -> None:
    log = store.logs.new("myapp")
    platform.queue.request(RELEASES, HANG, "myapp", log=log)
    with worker(settings) as process:
        horse = next(entry for entry in store.logs.follow(log) if entry)
        process.kill()
        os.kill(int(horse.line), signal.SIGKILL)
    # RQ waits a minute for a heartbeat; the test lets that minute be over.
    for execution in raw.zrange("rq:wip:releases", 0, -1):
        raw.zadd("rq:wip:releases", {execution: 1})

    platform.queue.settle_lost(lambda job: settle(platform, job))

    with pytest.raises(DeployFailed, match="its worker process died in the middle of it"):
        follow(store.logs, log, lambda line: None)


def test_a_worker_of_this_host_that_died_whole_is_settled_at_once(
    platform: Platform, store: Store, settings: Settings, raw: redis.Redis
) -> None:
    log = store.logs.new("myapp")
    platform.queue.request(RELEASES, HANG, "myapp", log=log)
    with worker(settings) as process:
        horse = next(entry for entry in store.logs.follow(log) if entry)
        wait_for(lambda: raw.zcard("rq:wip:releases"), "RQ to know that the job runs")
        platform.queue.settle_dead(RELEASES, lambda job: settle(platform, job))
        assert not store.logs.has_ended(log)
        process.kill()
        process.wait()
        os.kill(int(horse.line), signal.SIGKILL)

    platform.queue.settle_dead(RELEASES, lambda job: settle(platform, job))

    assert store.logs.has_ended(log)
    assert raw.zcard("rq:wip:releases") == 0


def test_without_redis_a_command_gets_one_plain_line(settings: Settings) -> None:
    nowhere = Store.open(replace(settings, redis_url=f"unix://{settings.home}/none.sock"))
    with pytest.raises(NoRedis, match="Redis does not answer; is the platform up"):
        nowhere.apps.get("myapp")


def test_an_idle_worker_ends_on_sigterm(
    platform: Platform, store: Store, settings: Settings, raw: redis.Redis
) -> None:
    log = store.logs.new("myapp")
    platform.queue.request(RELEASES, CONVERGE, "myapp", log=log)
    with worker(settings) as process:
        with pytest.raises(DeployFailed, match="does not exist"):
            follow(store.logs, log, print)
        process.terminate()
        assert process.wait(10.0) == 0
    assert raw.scard("rq:workers") == 0


def test_a_wrong_argument_is_one_line(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "releases", "convrge"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PAAS_HOME": str(settings.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == " !     usage: python -m releases [converge]\n"
