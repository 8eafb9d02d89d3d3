"""How much memory frozen containers may take together, and which go first where it is too much."""

from itertools import accumulate

from releases.domain.app import NoSuchApp
from releases.domain.container import Container
from releases.engine.protocol import Engine
from releases.platform import Platform

_MB = 1024 * 1024


def beyond_budget(platform: Platform, engine: Engine) -> list[Container]:
    """Frozen containers for which there is no room: those that were replaced longest ago."""
    newest_first = sorted(engine.frozen(), key=lambda one: -_replaced_at(platform, one.app))
    room = platform.settings.warm_memory_mb * _MB
    taken = accumulate(engine.memory_bytes(one) for one in newest_first)
    return [one for one, total in zip(newest_first, taken, strict=True) if total > room]


def _replaced_at(platform: Platform, app: str) -> float:
    try:
        return platform.store.apps.get(app).live_since
    except NoSuchApp:
        return 0.0
