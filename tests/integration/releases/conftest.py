"""A rollout over a real Redis and an engine in memory."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from releases.domain.build import Build
from releases.domain.container import FROZEN, Container, slots
from releases.domain.release import Artifact
from releases.engine.protocol import Engine
from releases.log import DeployLog
from releases.platform import Platform
from releases.rollout.health import Patience
from releases.rollout.rollout import Rollout
from releases.store import Store
from releases.work.queue import RELEASES
from tests.builds import end_build, start_build
from tests.fakes.engine import FakeEngine
from tests.fakes.inline import Inline

PATIENCE = Patience(
    1.0, 0.0, answers=lambda address, port: True, pause=lambda seconds: None, pool=Inline
)


@dataclass
class Shop:
    """An app called `shop`, its store and its engine."""

    store: Store
    engine: FakeEngine
    open: Callable[..., AbstractContextManager[Rollout]]
    queue: Queue

    def built(
        self, letter: str, processes: dict[str, str | None] | None = None, **said: Any
    ) -> Build:
        """A finished build of the commit `aaaa...`, with the image `sha256:aaaa...`.

        `said` is what the app says of its releases: `release_command`, `app_json`.
        """
        build = start_build(self.store, "shop", commit=letter * 40, who="ada")
        artifact = Artifact(
            f"sha256:{letter}", letter * 40, build.number, processes or {"web": None}, 5000, **said
        )
        return end_build(self.store, build, artifact=artifact)

    def pushed(self, letter: str) -> Build:
        """The same, by a build host that pushed the image to a registry."""
        build = self.built(letter)
        assert build.artifact
        reference = f"registry/paas/shop@sha256:{letter}"
        return replace(build, artifact=replace(build.artifact, reference=reference))

    def running(self) -> list[str]:
        """`v1 web.1` for each container that was neither condemned nor frozen."""
        return self._names(lambda one: not one.condemned and one.state != FROZEN)

    def frozen(self) -> list[str]:
        """The same, for those that are frozen."""
        return self._names(lambda one: one.state == FROZEN)

    def _names(self, wanted: Callable[[Container], bool]) -> list[str]:
        found = [one for one in self.engine.containers("shop") if wanted(one)]
        return [f"v{one.slot.release} {one.slot.name}" for one in found]

    def forget_old(self) -> None:
        """Remove what does not serve, as when it has been kept warm long enough."""
        live = self.store.apps.get("shop").live
        for one in self.engine.containers("shop"):
            if one.slot not in slots(live):
                self.engine.retire(one, 0)

    def backends(self) -> list[str]:
        """What the routes name."""
        route = self.store.routes.changes_since(0).routes.get("shop.localhost")
        return list(route.backends) if route else []

    def jobs(self) -> list[str]:
        """What was asked of the release workers."""
        return [job.func_name for job in self.queue.jobs]


@pytest.fixture
def engine() -> FakeEngine:
    """An empty engine."""
    return FakeEngine()


@pytest.fixture
def shop(platform: Platform, store: Store, engine: FakeEngine) -> Shop:
    """The app, without a release."""
    store.apps.create("shop", "ada")

    @contextmanager
    def begin(over: Engine = engine) -> Iterator[Rollout]:
        with store.locks.hold("shop", "a test") as lock:
            log = DeployLog(store.logs, store.logs.new("shop"))
            yield Rollout(platform.settings, store, over, lock, log, PATIENCE)

    connection = redis.Redis.from_url(platform.settings.redis)
    queue = Queue(RELEASES, connection=connection, serializer=JSONSerializer)
    return Shop(store, engine, begin, queue)
