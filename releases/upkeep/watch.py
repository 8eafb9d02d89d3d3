"""What a new release does to the requests once it serves, and going back where that is worse."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from releases.domain.app import NoSuchApp
from releases.domain.container import Container, slots, web
from releases.domain.desired import Desired
from releases.domain.traffic import Thresholds, verdict
from releases.engine.protocol import Condition, Engine
from releases.platform import Platform
from releases.store.events import ROLLBACK
from releases.work.queue import RELEASES, UNDO

_DEATHS = 2  # one is chance
_THRESHOLDS = Thresholds()


@dataclass(frozen=True)
class Trial:
    """An app whose live release is compared with the one before it."""

    app: str
    live: Desired
    before: Desired


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
        """Return whether there is anything to look at again; one listing of all containers."""
        names = self._platform.store.traffic.watched(self._clock())
        self._judged = {name: number for name, number in self._judged.items() if name in names}
        trials = [trial for name in sorted(names) if (trial := self._watched(name))]
        containers = self._engine.all_containers() if trials else []
        for trial in trials:
            self._judge(trial, [one for one in containers if one.app == trial.app])
        return bool(trials)

    def _watched(self, name: str) -> Trial | None:
        try:
            app = self._platform.store.apps.get(name)
        except NoSuchApp:
            return None
        live, before = app.live, app.previous
        if not live or not before or not live.is_watched or app.destroying:
            return None
        is_over = self._clock() >= app.live_since + self._platform.settings.watch_s
        is_judged = self._judged.get(name) == live.release
        return None if is_over or is_judged else Trial(name, live, before)

    def _judge(self, trial: Trial, containers: Sequence[Container]) -> None:
        if why := self._worse(trial, containers):
            self._undo(trial, why)
            self._judged[trial.app] = trial.live.release

    def _worse(self, trial: Trial, there: Sequence[Container]) -> str:
        """Why it is worse than the release before it; empty if it is not."""
        now = [one for one in there if one.slot in slots(trial.live) and not one.condemned]
        if died := _deaths([self._engine.condition(one) for one in now]):
            return died
        before = [one for one in there if one.slot in slots(trial.before)]
        traffic = self._platform.store.traffic
        old, new = traffic.of(_sockets(before)), traffic.of(_sockets(now))
        return verdict(old, new, _THRESHOLDS, f"v{trial.before.release}")

    def _undo(self, trial: Trial, why: str) -> None:
        store, live = self._platform.store, trial.live.release
        text = f"v{live} of {trial.app}: {why}; going back to v{trial.before.release}"
        store.events.add(ROLLBACK, text, key="paas")
        log = store.logs.new(trial.app)
        self._platform.queue.request(RELEASES, UNDO, trial.app, live, why, log=log)


def _deaths(conditions: Sequence[Condition]) -> str:
    ended = [one for one in conditions if one.restarts or not one.running]
    died = sum(one.restarts + (not one.running) for one in ended)
    return f"its processes died {died} times ({ended[0].reason})" if died >= _DEATHS else ""


def _sockets(containers: Sequence[Container]) -> list[str]:
    return [one.socket for one in web(containers)]
