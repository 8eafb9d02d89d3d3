"""What the process of a build opens while it waits for a build, and how far that is still true."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.docker.engine import Engine
from releases.platform import Platform
from releases.settings import Settings
from releases.work.queue import BUILDS

# A build goes on after Redis was away for about so long. What is written twice then, because the
# first answer was lost, is at worst a line of its log.
PATIENCE_S = 60.0


@dataclass(frozen=True)
class _Ready:
    platform: Platform
    engine: Engine


_ready: list[_Ready] = []  # one, in a process that waited


def get_ready(environ: Mapping[str, str]) -> None:
    """Connect to Redis and to the engine, to have done it: some 15 ms of a build."""
    platform = Platform.from_env(environ, PATIENCE_S)
    platform.store.ping()
    platform.queue.waiting(BUILDS)  # has a connection of its own
    _ready.append(_Ready(platform, Engine(platform.settings.docker_host)))


def ready_platform(environ: Mapping[str, str]) -> Platform:
    """What the settings name now: they may have changed while this process waited."""
    settings = Settings.from_env(environ)
    for ready in _ready:
        if ready.platform.settings == settings:
            return ready.platform
    return Platform.open(settings, PATIENCE_S)


def ready_engine(host: str) -> Engine:
    """The engine at a host, which may be another one by now; EngineUnreachable."""
    for ready in _ready:
        if ready.engine.host == host:
            ready.engine.greet()
            return ready.engine
    return Engine(host)
