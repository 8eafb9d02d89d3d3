"""The loop that keeps apps as they should be: retires the old, finishes what was interrupted."""

import logging
import time
from collections.abc import Callable
from typing import NoReturn

import redis

from releases.domain.traffic import COUNTED_EVERY_S
from releases.engine.protocol import Engine
from releases.errors import PaasError
from releases.platform import Platform
from releases.store.logs import NO_APP
from releases.upkeep.attention import Attention
from releases.upkeep.listening import listen
from releases.upkeep.lost import log_to_finish, settle
from releases.upkeep.one_offs import OneOffs
from releases.upkeep.reclaim import Reclaim
from releases.upkeep.retire import Retirement
from releases.upkeep.sources import forget_sources
from releases.upkeep.unfinished import Unfinished
from releases.upkeep.watch import Watch
from releases.work.parking import go_on
from releases.work.queue import CONVERGE, DESTROY, RELEASES, LostJob

RESYNC_S = 30.0
TEND_S = 2.0  # so soon it is noticed that a job died with its worker
_LOOK_AGAIN_S = 0.5  # while something drains and nobody wakes us

_log = logging.getLogger(__name__)


class Upkeep:
    """All that is looked at. What goes wrong in one look keeps no other from being taken."""

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self._platform = platform
        self.attention = Attention(platform, engine)
        self._watch = Watch(platform, engine)
        self._retirement = Retirement(platform, engine)
        self._unfinished = Unfinished(platform)
        self._one_offs = OneOffs(platform, engine)
        self._images = Reclaim(platform, engine)

    def tend(self) -> float:
        """Look at what has changed; return for how many seconds nothing has to be looked at."""
        _look(self.attention.look)
        is_watched, is_retiring = _look(self._watch.look), _look(self._retirement.look)
        _look(lambda: self._platform.queue.settle_dead(RELEASES, self._settle))
        pauses = [TEND_S, self.attention.wait_s()]
        pauses += [COUNTED_EVERY_S] if is_watched else []
        pauses += [_LOOK_AGAIN_S] if is_retiring else []
        return min(pauses)

    def resync(self) -> None:
        """Look at everything: whatever was missed is made good here."""
        request_convergence(self._platform, everything=False)
        self.attention.everything()
        for look in (
            lambda: self._platform.queue.settle_lost(self._settle),
            self._unfinished.look,
            self._one_offs.look,
            lambda: forget_sources(self._platform),
            self._images.look,
        ):
            _look(look)

    def _settle(self, job: LostJob) -> None:
        settle(self._platform, job)


def _look(look: Callable[[], object]) -> bool:
    """Whether there is more to look at. Without Redis there is nothing to do but to end."""
    try:
        return bool(look())
    except redis.RedisError:
        raise
    except PaasError as error:
        _log.warning("%s", error)
    except Exception:  # noqa: BLE001 - the daemon's loop: it must outlive any fault
        _log.exception("internal error")
    return True  # it is looked at again


def run(platform: Platform, engine: Engine) -> NoReturn:
    """Converge every app, then look at whatever changes, for ever."""
    upkeep = Upkeep(platform, engine)
    upkeep.attention.begin_afresh()
    listen(engine, upkeep.attention)
    request_convergence(platform, everything=True)
    resync_at = time.monotonic() + RESYNC_S
    with platform.store.converger_wakeups() as woken:
        while True:
            woken.wait(upkeep.tend())
            if time.monotonic() >= resync_at:
                upkeep.resync()
                resync_at = time.monotonic() + RESYNC_S


def request_convergence(platform: Platform, *, everything: bool) -> None:
    """Queue a converge job for every app, or for those whose rollout nobody is working on.

    An app whose end nobody is working on gets that instead.
    """
    store, apps = platform.store, platform.store.apps.all()
    names = [app.name for app in apps]
    tended, parked = store.locks.held(names), store.parked.waiting(names)
    for app in apps:
        is_untended = app.name not in tended
        if is_untended and app.name in parked:
            go_on(platform, app.name)  # who should have done so died
        if app.destroying:
            if is_untended:
                platform.queue.request(RELEASES, DESTROY, app.name, log=store.logs.new(NO_APP))
        elif ((app.target or app.due) and is_untended) or (app.live and everything):
            platform.queue.request(RELEASES, CONVERGE, app.name, log=log_to_finish(store, app))
    store.retire_later(*names)
