"""What a new release does to the requests once it serves, and going back where that is worse."""

import time
from collections.abc import Callable, Sequence

from releases.app import App, NoSuchApp
from releases.container import Container, slots, web
from releases.desired import Desired
from releases.engine.protocol import Condition, Engine
from releases.platform import Platform
from releases.queue import RELEASES, UNDO
from releases.store.events import ROLLBACK
from releases.traffic import Thresholds, verdict

LOOK_S = 1.0  # so often routers count
_DEATHS = 2  # one is chance
_THRESHOLDS = Thresholds()


class Watch:
    """Looks at every release that went live a moment ago.

    It remembers which ones it has judged; asked twice, a release is undone once all the same.
    """

    def __init__(
        self, platform: Platform, engine: Engine, clock: Callable[[], float] = time.time
    ) -> None:
        self._platform = platform
        self._engine = engine
        self._clock = clock
        self._judged: dict[str, int] = {}

    def look(self) -> bool:
        """Return whether there is anything to look at again."""
        apps = self._platform.store.traffic.watched(self._clock())
        self._judged = {name: number for name, number in self._judged.items() if name in apps}
        return any([self._look_at(name) for name in sorted(apps)])

    def _look_at(self, name: str) -> bool:
        try:
            app = self._platform.store.apps.get(name)
        except NoSuchApp:
            return False
        live = app.live
        if live is None or not self._is_on(app, live) or self._judged.get(name) == live.release:
            return False
        if why := self._worse(app, live):
            self._judged[name] = live.release
            self._undo(app, live, why)
        return True

    def _is_on(self, app: App, live: Desired) -> bool:
        ends_at = app.live_since + self._platform.settings.watch_s
        return live.is_watched and not app.destroying and self._clock() < ends_at

    def _worse(self, app: App, live: Desired) -> str:
        """Why it is worse than the release before it; empty if it is not."""
        there = self._engine.containers(app.name)
        now = [one for one in there if one.slot in slots(live) and not one.condemned]
        if died := _deaths([self._engine.condition(one) for one in now]):
            return died
        before = [one for one in there if one.slot in slots(app.previous)]
        traffic = self._platform.store.traffic
        old, new = traffic.of(_sockets(before)), traffic.of(_sockets(now))
        name = f"v{app.previous.release}" if app.previous else "before"
        return verdict(old, new, _THRESHOLDS, name)

    def _undo(self, app: App, live: Desired, why: str) -> None:
        store = self._platform.store
        text = f"v{live.release} of {app.name}: {why}"
        if app.previous is None:
            store.events.add(ROLLBACK, f"{text}; there is no release to go back to", key="paas")
            return
        store.events.add(ROLLBACK, f"{text}; going back to v{app.previous.release}", key="paas")
        log = store.logs.new(app.name)
        self._platform.queue.request(RELEASES, UNDO, app.name, live.release, why, log=log)


def _deaths(conditions: Sequence[Condition]) -> str:
    died = sum(one.restarts + (not one.running) for one in conditions)
    if died < _DEATHS:
        return ""
    last = next((one for one in conditions if one.restarts or not one.running), conditions[0])
    how = "killed for memory" if last.out_of_memory else f"exit status {last.exit_code}"
    return f"its processes died {died} times ({how})"


def _sockets(containers: Sequence[Container]) -> list[str]:
    return [one.socket for one in web(containers)]
