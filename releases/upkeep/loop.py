"""The loop that keeps apps as they should be: retires the old, finishes what was interrupted."""

import time
from typing import NoReturn

from releases.engine.protocol import Engine
from releases.platform import Platform
from releases.queue import CONVERGE, DESTROY, RELEASES
from releases.store.logs import NO_APP
from releases.upkeep.attention import Attention
from releases.upkeep.listening import listen
from releases.upkeep.lost import settle
from releases.upkeep.retire import Retirement
from releases.upkeep.sources import forget_sources
from releases.upkeep.unfinished import Unfinished

RESYNC_S = 30.0
_LOOK_AGAIN_S = 0.5  # while something drains and nobody wakes us


def run(platform: Platform, engine: Engine) -> NoReturn:
    """Converge every app, then retire as wake-ups come, for ever."""
    retirement, unfinished = Retirement(platform, engine), Unfinished(platform)
    attention = Attention(platform, engine)
    attention.begin_afresh()
    listen(engine, attention)
    request_convergence(platform, everything=True)
    resync_at = time.monotonic() + RESYNC_S
    with platform.store.converger_wakeups() as woken:
        while True:
            is_busy = retirement.look()
            attention.look()
            idle_s = min(attention.wait_s(), max(0.0, resync_at - time.monotonic()))
            woken.wait(min(_LOOK_AGAIN_S, idle_s) if is_busy else idle_s)
            if time.monotonic() >= resync_at:
                request_convergence(platform, everything=False)
                attention.everything()
                platform.queue.settle_lost(lambda job: settle(platform, job))
                unfinished.look()
                forget_sources(platform)
                resync_at = time.monotonic() + RESYNC_S


def request_convergence(platform: Platform, *, everything: bool) -> None:
    """Queue a converge job for every app, or for those whose rollout nobody is working on.

    An app whose end nobody is working on gets that instead.
    """
    store = platform.store
    for app in store.apps.all():
        is_untended = store.locks.holder(app.name) is None
        if app.destroying:
            if is_untended:
                platform.queue.request(RELEASES, DESTROY, app.name, log=store.logs.new(NO_APP))
        elif (app.target and is_untended) or (app.live and everything):
            log = app.target.log if app.target and app.target.log else store.logs.new(app.name)
            platform.queue.request(RELEASES, CONVERGE, app.name, log=log)
        store.retire_later(app.name)
