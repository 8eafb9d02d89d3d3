"""The eye that every build worker keeps on all builds, for a worker that died tells nobody."""

import logging
import threading
from typing import NoReturn

from builder.queue.places import tell_places
from releases.platform import Platform
from releases.store.open_builds import BuildId
from releases.upkeep.unfinished import Unfinished
from releases.work.queue import BUILDS

_LOOK_EVERY_S = 2.0
_logger = logging.getLogger(__name__)


def start_watch(platform: Platform) -> None:
    """Watch from a thread of this process, for as long as it lives.

    The platform is the thread's own: what it has locked at a fork, nobody needs in the child.
    """
    threading.Thread(target=_watch, args=(platform,), daemon=True).start()


def _watch(platform: Platform) -> NoReturn:
    unfinished, pause = Unfinished(platform), threading.Event()
    waiting: set[BuildId] = set()
    while True:
        try:
            unfinished.look()
            before, waiting = waiting, set(platform.queue.waiting_builds(BUILDS))
            tell_places(platform, stuck=waiting & before)
        except Exception:
            _logger.exception("looking for lost builds; the next look is in %s s", _LOOK_EVERY_S)
        pause.wait(_LOOK_EVERY_S)
