"""Which apps are looked at and when, and what is done about one that is not as it should be."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from releases.domain.app import App
from releases.domain.container import Container, Slot, slots
from releases.domain.crash import Crash
from releases.engine.protocol import Engine, EngineFailed
from releases.platform import Platform
from releases.store.events import PROCESS, EventLost
from releases.upkeep.amiss import is_amiss, next_try
from releases.work.queue import CONVERGE, RELEASES

_AT_ONCE = 0.0
# Docker (20.10) tells of a death before its listing has it, on a slow disk long before: ever later
# looks are taken after a loss, for so long.
_LATE_S = 8.0
_ASKED_S = 60.0  # for so long a job may wait for a worker before it is asked for once more
_AGAIN_S = 0.5  # while somebody else works on the app, or the converge that was asked for runs

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A converge that was asked for. Its log says when it has ended, and may be gone since."""

    log: str
    at: float  # Unix seconds


class Attention:
    """Remembers when to look at which app; forgetting it is made good by the next full look."""

    def __init__(
        self, platform: Platform, engine: Engine, clock: Callable[[], float] = time.time
    ) -> None:
        self._platform = platform
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()  # of the next three: events come from another thread
        self._due: dict[str, float] = {}  # app -> Unix seconds
        self._lost: dict[str, float] = {}  # app -> when it was first looked at for a loss
        self._all = False
        self._asked: dict[str, Asked] = {}  # by app

    def lost(self, app: str) -> None:
        """A container of the app died or was removed: look now."""
        self._put(lambda: self._due.update({app: _AT_ONCE}))

    def everything(self) -> None:
        """Look at every app now: events may have been missed."""
        self._put(lambda: setattr(self, "_all", True))

    def begin_afresh(self) -> None:
        """Docker or the platform was away: what ends with it counts to no process that was well."""
        store = self._platform.store
        for app, crashes in store.crashes.of_all(store.apps.names()).items():
            for slot in [slot for slot, crash in crashes.items() if not crash.is_down]:
                store.crashes.forget(app, slot)
        self.everything()

    def wait_s(self) -> float:
        """How long nothing has to be looked at."""
        with self._lock:
            at = _AT_ONCE if self._all else min(self._due.values(), default=float("inf"))
        return max(0.0, at - self._clock())

    def look(self) -> None:
        """Look at what is due, with one listing of all containers; ask for converges."""
        due = self._take()
        if due is not None and not due:
            return
        try:
            containers = self._containers()
        except EngineFailed as error:  # when it is back, everything is looked at
            _log.warning("nothing can be looked at: %s", error)
            return
        apps = [app for app in self._platform.store.apps.all() if due is None or app.name in due]
        crashes = self._platform.store.crashes.of_all(app.name for app in apps)
        for app in apps:
            self._look_at(app, containers[app.name], crashes[app.name])

    def _put(self, change: Callable[[], None]) -> None:
        with self._lock:
            is_awake = self._all or _AT_ONCE in self._due.values()
            change()
        if not is_awake:  # a burst of events is one wake-up
            self._platform.store.wake_converger()

    def _take(self) -> set[str] | None:
        """The apps that are due; None for all."""
        with self._lock:
            is_all, self._all = self._all, False
            now = self._clock()
            taken = {app: at for app, at in self._due.items() if is_all or at <= now}
            self._due = {app: at for app, at in self._due.items() if app not in taken}
            self._lost |= {app: now for app, at in taken.items() if at == _AT_ONCE}
            self._lost = {app: at for app, at in self._lost.items() if now - at < _LATE_S}
            for app in self._lost.keys() & taken.keys():
                self._due[app] = now + max(_AGAIN_S, now - self._lost[app])
        return None if is_all else set(taken)

    def _containers(self) -> dict[str, list[Container]]:
        found: dict[str, list[Container]] = defaultdict(list)
        for one in self._engine.all_containers():
            found[one.app].append(one)
        return found

    def _look_at(self, app: App, containers: list[Container], crashes: dict[Slot, Crash]) -> None:
        now = self._clock()
        self._forget(app, crashes, now)
        if is_amiss(app, containers, crashes, now):
            if app.target is None:  # else whoever rolls it out comes first
                self._ask(app.name)
            self._later(app.name, now + _AGAIN_S)
        elif (again_at := next_try(app, crashes)) is not None:
            self._later(app.name, max(again_at, now + _AGAIN_S))

    def _ask(self, app: str) -> None:
        store, asked, now = self._platform.store, self._asked.get(app), self._clock()
        is_asked = asked and now - asked.at < _ASKED_S and not store.logs.has_ended(asked.log)
        if is_asked or store.locks.holder(app):
            return
        self._asked[app] = asked = Asked(store.logs.new(app), now)
        self._platform.queue.request(RELEASES, CONVERGE, app, log=asked.log)

    def _later(self, app: str, at: float) -> None:
        with self._lock:
            self._due[app] = min(at, self._due.get(app, at))

    def _forget(self, app: App, crashes: dict[Slot, Crash], now: float) -> None:
        """What nobody wants any more, and who has lived long enough since: that is said once."""
        wanted, store = slots(app.live), self._platform.store
        for slot, crash in crashes.items():
            if slot in wanted and not crash.is_over(now):
                continue
            store.crashes.forget(app.name, slot)
            if slot in wanted and crash.is_loop:
                with suppress(EventLost):
                    line = f"{slot.name} of {app.name} runs well again"
                    store.events.add(PROCESS, line, key="paas")
