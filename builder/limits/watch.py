"""Finds the steps of one build as they begin, limits each, and remembers what they ran into."""

import logging
import selectors
from contextlib import suppress
from pathlib import Path

from builder.docker.engine import STEP_HOST
from builder.limits import cgroups
from builder.limits.cgroups import Limits, OomNotice
from builder.limits.inotify import ARRIVED, CHANGED, Inotify
from builder.limits.steps import RUNC_ROOT, Step, read_step

_logger = logging.getLogger(__name__)


class StepWatch:
    """Wakes the selector when there is something to look at; OSError where that is forbidden."""

    def __init__(self, mark: str, limits: Limits, selector: selectors.BaseSelector) -> None:
        self.hits_memory = self.hits_processes = False
        self.places: list[Path] = []  # that the steps write to, ended ones too
        self._mark, self._limits, self._selector = mark, limits, selector
        self._known: set[str] = set()  # directories below runc's root
        self._counters: list[Path] = []
        self._notices: list[OomNotice] = []
        RUNC_ROOT.mkdir(mode=0o700, exist_ok=True)
        self._inotify = Inotify()
        try:
            self._inotify.watch(RUNC_ROOT, ARRIVED)
        except OSError:
            self._inotify.close()
            raise
        selector.register(self._inotify, selectors.EVENT_READ)

    def close(self) -> None:
        """Watch no more; the selector is not used any more either."""
        self._inotify.close()
        for notice in self._notices:
            notice.close()

    def look(self) -> None:
        """Limit the steps that have come, and see what any has run into.

        After each time that the selector woke up, and now and then: version 1 of cgroups tells
        nobody that there are no more processes to be had (tried with kernel 6.18).
        """
        self._inotify.forget_events()
        for directory in RUNC_ROOT.iterdir():
            if directory.name not in self._known:
                self._meet(directory)
        for counter in filter(cgroups.has_hit, self._counters):
            if counter.name == "pids.events":
                self.hits_processes = True
            else:
                self.hits_memory = True
        self._read_notices()

    def _meet(self, directory: Path) -> None:
        with suppress(FileNotFoundError):
            self._inotify.watch(directory, ARRIVED)  # first: what comes now wakes us up again
        step = read_step(directory, STEP_HOST)
        if step:
            self._known.add(directory.name)
            if step.mark == self._mark:
                self._limit(step)

    def _limit(self, step: Step) -> None:
        self.places += step.places
        try:
            cgroups.limit(step.cgroups, self._limits)
        except OSError:
            _logger.exception("a step of a build runs without limits")
        for counter in cgroups.counters(step.cgroups):
            with suppress(FileNotFoundError):  # the step has ended already; so below
                self._inotify.watch(counter, CHANGED)
                self._counters.append(counter)
        if "memory" in step.cgroups:
            with suppress(FileNotFoundError):
                notice = OomNotice(step.cgroups["memory"])
                self._notices.append(notice)
                self._selector.register(notice, selectors.EVENT_READ)

    def _read_notices(self) -> None:
        for notice in list(self._notices):
            if notice.has_hit():
                self.hits_memory = True
            elif notice.has_ended():
                self._notices.remove(notice)
                self._selector.unregister(notice)
                notice.close()
