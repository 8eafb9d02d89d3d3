"""What the process of a release job opens while it waits, and how far that is still true."""

from collections.abc import Mapping
from dataclasses import dataclass

from releases.engine.docker import DockerEngine, connect
from releases.platform import Platform
from releases.settings import Settings


@dataclass(frozen=True)
class _Ready:
    platform: Platform
    engine: DockerEngine


_ready: list[_Ready] = []  # one, in a process that waited


def get_ready(environ: Mapping[str, str]) -> None:
    """Connect to Redis and to Docker, to have done it."""
    platform = Platform.from_env(environ)
    platform.store.ping()
    _ready.append(_Ready(platform, connect(platform.settings, platform.store)))


def ready_platform(environ: Mapping[str, str]) -> Platform:
    """What the settings name now: they may have changed while this process waited."""
    settings = Settings.from_env(environ)
    for ready in _ready:
        if ready.platform.settings == settings:
            return ready.platform
    return Platform.open(settings)


def ready_engine(platform: Platform) -> DockerEngine:
    """The engine of this platform, which may be another one by now; EngineFailed."""
    for ready in _ready:
        if ready.platform is platform:
            ready.engine.greet()
            return ready.engine
    return connect(platform.settings, platform.store)
