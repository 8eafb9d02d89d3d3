"""Which containers hang: frozen by a Docker that died in the middle of it and does not know."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from releases.domain.container import Container
from releases.engine.protocol import Engine

_PARALLEL = 8


def hanging_among(engine: Engine, containers: Collection[Container]) -> list[Container]:
    """Those that Docker takes for running and that the kernel keeps frozen.

    Such a port takes connections, and nobody answers. Docker can neither thaw nor freeze it: all
    that is left is to have another one in its place.
    """
    running = [one for one in containers if one.state == "running"]
    if not running:
        return []
    with ThreadPoolExecutor(_PARALLEL) as pool:
        conditions = list(pool.map(engine.condition, running))
    return [one for one, found in zip(running, conditions, strict=True) if found.hangs]
