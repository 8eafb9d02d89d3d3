"""What real daemons show of a change while it happens: Redis' MONITOR and Docker's events."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import docker
import redis
import requests

from releases.domain.container import APP
from tests.faults.stage import SHOP, Stage, client


@dataclass(frozen=True)
class Sight:
    """One thing seen: `redis` with a command's words, or `docker` with an action and a slot."""

    source: str
    text: str


@dataclass
class Shown:
    """All that was seen of one change, in the order of each daemon."""

    sights: list[Sight] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, source: str, text: str) -> None:
        """From the threads that watch."""
        with self._changed:
            self.sights.append(Sight(source, text))
            self._changed.notify_all()

    def await_step(self, is_reached: Callable[[list[Sight]], bool], timeout_s: float) -> bool:
        """Return at the moment that a step is seen; False when the time is up."""
        with self._changed:
            return self._changed.wait_for(lambda: is_reached(self.sights), timeout_s)


@contextmanager
def watching(stage: Stage) -> Iterator[Shown]:
    """Watch until the block ends, or until the daemons go away, which ends the watching too."""
    shown = Shown()
    monitor = client(stage).monitor()
    monitor.__enter__()
    filters = {"type": "container", "label": [f"{APP}={SHOP}"]}
    events = stage.engine.api().events(filters=filters, decode=True)
    threads = [
        threading.Thread(target=_watch, args=(monitor.listen(), _of_redis, shown), daemon=True),
        threading.Thread(target=_watch, args=(events, _of_docker, shown), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield shown
    finally:
        with suppress(OSError, redis.RedisError):
            monitor.connection.disconnect()
        with suppress(OSError, docker.errors.DockerException):
            events.close()


def _watch(stream: Any, read: Callable[[Any], Sight], shown: Shown) -> None:
    ends = (redis.RedisError, requests.RequestException, OSError, ValueError, AttributeError)
    with suppress(*ends):  # its daemon was stopped, or we are done with it
        for item in stream:
            sight = read(item)
            shown.add(sight.source, sight.text)


def _of_redis(item: dict[str, Any]) -> Sight:
    return Sight("redis", str(item["command"]))


def _of_docker(event: dict[str, Any]) -> Sight:
    labels = event["Actor"]["Attributes"]
    slot = f"{labels.get('paas.process')}.{labels.get('paas.index')}"
    return Sight("docker", f"{event['Action']} {slot}")
