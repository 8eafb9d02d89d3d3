"""When an old container may be stopped: routers let it go, its requests are done, or time is up."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from releases.app import App, NoSuchApp
from releases.container import Container
from releases.engine.protocol import Engine, EngineFailed
from releases.errors import PaasError
from releases.platform import Platform
from releases.rollout.converge import superfluous

_PARALLEL_STOPS = 16

_log = logging.getLogger(__name__)


def may_stop(
    app: App, container: Container, inflight: Mapping[str, int], *, now: float, drain_s: float
) -> bool:
    """Whether routers that have all let the container go are also done with its requests."""
    if container.slot.process_type != "web" or app.live is None:
        return True
    is_idle = not inflight.get(f"{container.address}:{container.port}")
    return is_idle or now - app.live.flipped_at > drain_s


class Retirement:
    """Stops what is superfluous, many at a time. Remembers only what is being stopped right now."""

    def __init__(
        self, platform: Platform, engine: Engine, clock: Callable[[], float] = time.time
    ) -> None:
        self._platform = platform
        self._engine = engine
        self._clock = clock
        self._pool = ThreadPoolExecutor(_PARALLEL_STOPS)
        self._stopping: dict[str, Future[None]] = {}

    def look(self) -> bool:
        """Stop whatever may be stopped by now; return whether anything is left to look at."""
        apps = self._platform.store.retiring()
        return any([self._look_at(name) for name in apps])

    def is_idle(self) -> bool:
        """Whether nothing is being stopped."""
        return all(job.done() for job in self._stopping.values())

    def _look_at(self, name: str) -> bool:
        self._platform.store.retired(name)  # before looking: a later flip is seen next time
        try:
            return self._stop_old(name)
        except NoSuchApp:
            return False
        except EngineFailed as error:  # one app's trouble must not keep the others waiting
            _log.warning("%s is looked at again with the next resync: %s", name, error)
            return False

    def _stop_old(self, name: str) -> bool:
        store = self._platform.store
        app = store.apps.get(name)
        old = superfluous(app, self._engine.containers(name))
        if not old:
            return False
        store.retire_later(name)
        if self._stoppable(app, old):
            self._condemn(name)
        return True

    def _condemn(self, name: str) -> None:
        """Under the lock, so that no rollout is just counting on one of them."""
        with self._platform.store.locks.try_hold(name, "Stop old containers") as lock:
            if lock is None:
                return
            app = self._platform.store.apps.get(name)
            chosen = self._stoppable(app, superfluous(app, self._engine.containers(name)))
            for container in chosen:
                if not container.condemned:
                    self._engine.condemn(container)
        for container in chosen:
            self._stop(container)

    def _stoppable(self, app: App, old: Sequence[Container]) -> list[Container]:
        routes = self._platform.store.routes
        if app.live and routes.unacknowledged(app.live.routed_at):
            return []
        inflight = routes.inflight()
        drain_s = self._platform.settings.drain_s
        now = self._clock()
        return [one for one in old if may_stop(app, one, inflight, now=now, drain_s=drain_s)]

    def _stop(self, container: Container) -> None:
        self._stopping = {key: job for key, job in self._stopping.items() if not job.done()}
        if container.id in self._stopping:
            return
        grace_s = self._platform.settings.stop_grace_s
        self._stopping[container.id] = self._pool.submit(self._retire, container, grace_s)

    def _retire(self, container: Container, grace_s: float) -> None:
        try:
            self._engine.retire(container, grace_s)
        except PaasError as error:  # it is looked at again in half a second
            _log.warning("%s of %s stays for now: %s", container.slot.name, container.app, error)
