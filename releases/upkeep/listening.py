"""How the engine's events reach the loop: a thread that is never without a connection for long."""

import logging
import threading
from contextlib import closing

import redis

from releases.engine.protocol import Engine, EngineFailed
from releases.upkeep.attention import Attention

_RECONNECT_S = 0.5

_log = logging.getLogger(__name__)


def listen(engine: Engine, attention: Attention) -> None:
    """Pass on losses in a thread of its own, for ever."""
    threading.Thread(target=pass_on, args=(engine, attention), daemon=True).start()


def pass_on(engine: Engine, attention: Attention, ended: threading.Event | None = None) -> None:
    """Follow the engine's losses; after each connection look at everything, for some were missed.

    Ends, for tests, with the connection after which `ended` is set.
    """
    ended = ended or threading.Event()
    was_there = True
    while not ended.is_set():
        try:
            with closing(engine.losses()) as losses:
                was_there = True
                attention.begin_afresh()
                for app in losses:
                    attention.lost(app)
        except EngineFailed as error:
            if was_there:
                was_there = False
                _log.warning("events are not followed until Docker is back: %s", error)
        except redis.RedisError as error:
            _log.warning("an event woke nobody; the next look finds it: %s", error)
        ended.wait(_RECONNECT_S)
