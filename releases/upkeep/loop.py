"""The loop that keeps apps as they should be: retires the old, finishes what was interrupted."""

import time
from typing import NoReturn

from releases.engine.protocol import Engine
from releases.parking import go_on
from releases.platform import Platform
from releases.queue import CONVERGE, DESTROY, RELEASES
from releases.store.logs import NO_APP
from releases.upkeep.attention import Attention
from releases.upkeep.listening import listen
from releases.upkeep.lost import log_to_finish, settle
from releases.upkeep.one_offs import OneOffs
from releases.upkeep.reclaim import Reclaim
from releases.upkeep.retire import Retirement
from releases.upkeep.sources import forget_sources
from releases.upkeep.unfinished import Unfinished
from releases.upkeep.watch import LOOK_S, Watch

RESYNC_S = 30.0
TEND_S = 2.0  # so soon it is noticed that a job died with its worker
_LOOK_AGAIN_S = 0.5  # while something drains and nobody wakes us


def run(platform: Platform, engine: Engine) -> NoReturn:
    """Converge every app, then retire as wake-ups come, for ever."""
    retirement, unfinished = Retirement(platform, engine), Unfinished(platform)
    watch = Watch(platform, engine)
    images = Reclaim(platform, engine)
    one_offs = OneOffs(platform, engine)
    attention = Attention(platform, engine)
    attention.begin_afresh()
    listen(engine, attention)
    request_convergence(platform, everything=True)
    resync_at = time.monotonic() + RESYNC_S
    with platform.store.converger_wakeups() as woken:
        while True:
            attention.look()
            pauses = [TEND_S, attention.wait_s()]
            pauses += [LOOK_S] if watch.look() else []
            pauses += [_LOOK_AGAIN_S] if retirement.look() else []
            woken.wait(min(pauses))
            platform.queue.settle_dead(RELEASES, lambda job: settle(platform, job))
            if time.monotonic() >= resync_at:
                request_convergence(platform, everything=False)
                attention.everything()
                platform.queue.settle_lost(lambda job: settle(platform, job))
                unfinished.look()
                one_offs.look()
                forget_sources(platform)
                images.look()
                resync_at = time.monotonic() + RESYNC_S


def request_convergence(platform: Platform, *, everything: bool) -> None:
    """Queue a converge job for every app, or for those whose rollout nobody is working on.

    An app whose end nobody is working on gets that instead.
    """
    store = platform.store
    for app in store.apps.all():
        is_untended = store.locks.holder(app.name) is None
        if is_untended:
            go_on(platform, app.name)  # who should have done so died
        if app.destroying:
            if is_untended:
                platform.queue.request(RELEASES, DESTROY, app.name, log=store.logs.new(NO_APP))
        elif ((app.target or app.due) and is_untended) or (app.live and everything):
            log, limit_s = log_to_finish(store, app), platform.settings.deploy_timeout_s
            platform.queue.request(RELEASES, CONVERGE, app.name, log=log, timeout_s=limit_s)
        store.retire_later(app.name)
