"""Finds the steps of one build as they begin, limits each, and remembers what they ran into."""

import logging
import selectors
from contextlib import suppress
from functools import partial
from pathlib import Path

from builder.docker.engine import STEP_HOST
from builder.limits import cgroups
from builder.limits.cgroups import Limits, OomNotice
from builder.limits.inotify import ARRIVED, CHANGED, Inotify
from builder.limits.steps import RUNC_ROOT, Step, read_step

_logger = logging.getLogger(__name__)


class StepWatch:
    """Works whenever the selector calls back; OSError where this process may not see steps."""

    def __init__(self, mark: str, limits: Limits, selector: selectors.BaseSelector) -> None:
        self.hits_memory = self.hits_processes = False
        self.places: list[Path] = []  # that the steps write to, ended ones too
        self._mark, self._limits, self._selector = mark, limits, selector
        self._known: set[str] = set()  # directories below runc's root
        self._counters: list[Path] = []
        RUNC_ROOT.mkdir(mode=0o700, exist_ok=True)
        self._inotify = Inotify()
        try:
            self._inotify.watch(RUNC_ROOT, ARRIVED)
        except OSError:
            self._inotify.close()
            raise
        selector.register(self._inotify, selectors.EVENT_READ, self._look)

    def close(self) -> None:
        """Watch no more."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, Inotify | OomNotice):
                self._selector.unregister(key.fileobj)
                key.fileobj.close()

    def _look(self) -> None:
        self._inotify.forget_events()
        for counter in filter(cgroups.has_hit, self._counters):
            if counter.name == "pids.events":
                self.hits_processes = True
            else:
                self.hits_memory = True
        for directory in RUNC_ROOT.iterdir():
            if directory.name not in self._known:
                self._meet(directory)

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
            with suppress(FileNotFoundError):
                self._inotify.watch(counter, CHANGED)
                self._counters.append(counter)
        if "memory" in step.cgroups:
            with suppress(OSError):  # it has ended already
                notice = OomNotice(step.cgroups["memory"])
                self._selector.register(notice, selectors.EVENT_READ, partial(self._oom, notice))

    def _oom(self, notice: OomNotice) -> None:
        if notice.has_hit():
            self.hits_memory = True
        else:
            self._selector.unregister(notice)
            notice.close()
