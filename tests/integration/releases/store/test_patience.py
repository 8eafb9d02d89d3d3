"""Who waits for a Redis that is away, and for how long."""

import threading
import time
from pathlib import Path

import pytest
import redis

from releases.store.connection import NoRedis, connect
from tests.services import redis_process

pytestmark = pytest.mark.integration


def test_a_patient_client_goes_on_when_redis_is_back(home: Path) -> None:
    answers: list[object] = []
    with redis_process(home, "--appendonly", "yes") as (url, process):
        client = connect(url, patience_s=20.0)
        client.set("a", "1")
        process.kill()
        process.wait()
    (home / "redis.sock").unlink(missing_ok=True)
    asking = threading.Thread(target=lambda: answers.append(client.get("a")))
    asking.start()
    with redis_process(home, "--appendonly", "yes"):
        asking.join(10.0)
    assert answers == ["1"]


def test_its_patience_has_an_end_and_tries_within_tries_do_not_add_up(home: Path) -> None:
    with redis_process(home) as (url, process):
        client = connect(url, patience_s=0.5)
        client.ping()
        process.kill()
        process.wait()
        begun_at = time.monotonic()
        with pytest.raises(NoRedis):
            client.get("a")
        with pytest.raises(redis.ConnectionError):
            client.pipeline().get("a").execute()
    assert time.monotonic() - begun_at < 5.0
