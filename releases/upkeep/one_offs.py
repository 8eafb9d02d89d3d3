"""What becomes of one-offs when nobody attends them, and of those whose time is up."""

import logging
import time
from collections.abc import Callable

from releases.domain.one_off import OneOff
from releases.engine.protocol import Engine
from releases.errors import PaasError
from releases.platform import Platform
from releases.store.events import ENDED
from releases.upkeep.stops import Stops

_PARALLEL_STOPS = 4
_log = logging.getLogger(__name__)


class OneOffs:
    """Looks at all one-offs of all apps. Look every half a minute or so.

    An attended one goes when it is seen twice in a row with nobody to hold its lease: whoever
    held it was killed. Twice, because after Redis was away it takes a moment to hold it again.
    One that is seen twice and was not started never will be.
    """

    def __init__(
        self, platform: Platform, engine: Engine, clock: Callable[[], float] = time.time
    ) -> None:
        self._platform = platform
        self._engine = engine
        self._clock = clock
        self._suspects: set[str] = set()
        self._stops = Stops(engine, platform.settings.stop_grace_s, _PARALLEL_STOPS)

    def look(self) -> None:
        """One call to Docker, and one to Redis where there are any."""
        try:
            there = self._engine.one_offs()
            self._note_ends([one for one in there if one.is_detached and one.has_ended])
            for one in self._overdue(there):
                self._stop(one)
        except PaasError as error:
            _log.warning("one-offs are looked at again with the next resync: %s", error)

    def is_idle(self) -> bool:
        """Whether nothing is being stopped."""
        return self._stops.is_idle()

    def _overdue(self, there: list[OneOff]) -> list[OneOff]:
        apps = {app.name for app in self._platform.store.apps.all() if not app.destroying}
        held = self._platform.store.locks.held([one.lease for one in there])
        alone = {one.container.id for one in there if _is_alone(one, held)}
        overdue = [
            one
            for one in there
            if one.container.app not in apps
            or (one.is_detached and self._is_over(one))
            or one.container.id in alone & self._suspects
        ]
        self._suspects = alone
        return overdue

    def _is_over(self, one: OneOff) -> bool:
        if not one.has_ended:
            return self._clock() > one.until
        kept_s = self._platform.settings.one_off_output_s
        return self._clock() > self._engine.condition(one.container).ended_at + kept_s

    def _note_ends(self, ended: list[OneOff]) -> None:
        """In the event log, and by its name that it was noted: killed between, twice."""
        for one in ended:
            if not one.container.condemned:
                status = self._engine.condition(one.container).exit_code
                text = f"{one.name} of {one.container.app} ended with exit status {status}"
                self._platform.store.events.add(ENDED, text, key=one.who)
                self._engine.condemn(one.container)

    def _stop(self, one: OneOff) -> None:
        if self._stops.begin(one.container) and one.is_detached and not one.has_ended:
            text = f"{one.name} of {one.container.app} is stopped: its time is up"
            self._platform.store.events.add(ENDED, text, key=one.who)


def _is_alone(one: OneOff, held: set[str]) -> bool:
    """Whether nobody is there who would bring it to its end."""
    if one.is_detached:
        return one.container.state == "created"
    return one.lease not in held
