"""When an old container may be frozen or stopped: routers let it go, its requests are done."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from releases.domain.app import App, NoSuchApp
from releases.domain.container import Container
from releases.engine.hanging import hanging_among
from releases.engine.protocol import Engine, EngineFailed
from releases.platform import Platform
from releases.upkeep.budget import beyond_budget
from releases.upkeep.needed import Sorted, sort
from releases.upkeep.stops import Stops
from releases.work.parking import try_hold

_PARALLEL_STOPS = 16
_FEW = 4  # apps for which one listing each costs less than one of all

_log = logging.getLogger(__name__)


def is_idle(app: App, container: Container, inflight: Mapping[str, int]) -> bool:
    """Whether routers that have all let the container go are also done with its requests."""
    if container.slot.process_type != "web" or app.live is None:
        return True
    return not inflight.get(container.socket)


class Retirement:
    """Stops or freezes what does not serve. Remembers only what is being stopped right now."""

    def __init__(
        self, platform: Platform, engine: Engine, clock: Callable[[], float] = time.time
    ) -> None:
        self._platform = platform
        self._engine = engine
        self._clock = clock
        self._stops = Stops(engine, platform.settings.stop_grace_s, _PARALLEL_STOPS)
        self._said = ""

    def look(self) -> bool:
        """Do what may be done by now; return whether anything is left to look at."""
        names = self._platform.store.retiring()
        self._platform.store.retired(*names)  # before looking: a later flip is seen next time
        if len(names) > _FEW:
            names = self._with_something(names)
        return any([self._look_at(name) for name in names])

    def is_idle(self) -> bool:
        """Whether nothing is being stopped."""
        return self._stops.is_idle()

    def _with_something(self, names: list[str]) -> list[str]:
        """Those that have anything to look at, by one listing of the containers of all."""
        found: dict[str, list[Container]] = defaultdict(list)
        try:
            for one in self._engine.all_containers():
                found[one.app].append(one)
        except EngineFailed:
            self._platform.store.retire_later(*names)
            raise
        apps = {app.name: app for app in self._platform.store.apps.all()}
        return [name for name in names if name in apps and self._is_left(apps[name], found[name])]

    def _is_left(self, app: App, containers: list[Container]) -> bool:
        found = self._sort(app, containers)
        return bool(found.leaving or found.cooling)

    def _look_at(self, name: str) -> bool:
        try:
            return self._retire_old(name)
        except NoSuchApp:
            return False
        except EngineFailed as error:  # one app's trouble must not keep the others waiting
            self._complain(f"{name} is looked at again and again: {error}")
            self._platform.store.retire_later(name)
            return True

    def _complain(self, trouble: str) -> None:
        if trouble != self._said:
            _log.warning("%s", trouble)
            self._said = trouble

    def _retire_old(self, name: str) -> bool:
        app, found = self._sorted(name)
        if not found.leaving and not found.cooling:
            return False
        self._platform.store.retire_later(name)
        if any(self._ready(app, found)):
            self._act(name)
        return True

    def _act(self, name: str) -> None:
        """Under the lock, so that no rollout is just counting on one of them."""
        with try_hold(self._platform, name, "Stop old containers") as lock:
            if lock is None:
                return
            app, found = self._sorted(name)
            stoppable, freezable = self._ready(app, found)
            hanging = hanging_among(self._engine, freezable)
            freezable = [one for one in freezable if one not in hanging]
            stoppable += hanging
            self._condemn(stoppable)
            self._engine.freeze(freezable)
        for container in stoppable:
            self._stops.begin(container)
        if freezable:
            self._keep_the_budget()

    def _sorted(self, name: str) -> tuple[App, Sorted]:
        app = self._platform.store.apps.get(name)
        return app, self._sort(app, self._engine.containers(name))

    def _sort(self, app: App, containers: list[Container]) -> Sorted:
        return sort(app, containers, now=self._clock(), warm_s=self._platform.settings.warm_s)

    def _ready(self, app: App, found: Sorted) -> tuple[list[Container], list[Container]]:
        """Those that may be stopped now, and those that may be frozen."""
        routes = self._platform.store.routes
        if app.live and routes.unacknowledged(app.live.routed_at):
            return [], []
        inflight = routes.inflight()
        overdue = self._is_overdue(app)
        stoppable = [one for one in found.leaving if overdue or is_idle(app, one, inflight)]
        freezable = [one for one in found.cooling if is_idle(app, one, inflight)]
        if overdue:  # frozen, its last requests would hang
            stoppable += [one for one in found.cooling if one not in freezable]
        return stoppable, freezable

    def _is_overdue(self, app: App) -> bool:
        drain_s = self._platform.settings.drain_s
        return app.live is not None and self._clock() - app.live.flipped_at > drain_s

    def _keep_the_budget(self) -> None:
        for container in beyond_budget(self._platform, self._engine):
            with try_hold(self._platform, container.app, "Free memory") as lock:
                # In a rollout that counts on it: the next freeze looks again. After one, it may
                # serve by now.
                if lock and self._is_frozen(container):
                    self._condemn([container])
            self._platform.store.retire_later(container.app)

    def _is_frozen(self, container: Container) -> bool:
        with suppress(NoSuchApp):
            _, found = self._sorted(container.app)
            return container.id in {one.id for one in found.frozen}
        return False

    def _condemn(self, containers: Iterable[Container]) -> None:
        for container in containers:
            if not container.condemned:
                self._engine.condemn(container)
