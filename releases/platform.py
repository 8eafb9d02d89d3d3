"""What every process of the platform holds: its settings, the store and the queues."""

from collections.abc import Mapping
from dataclasses import dataclass

from releases.queue import JobQueue
from releases.settings import Settings
from releases.store import Store


@dataclass(frozen=True)
class Platform:
    """Opened once per process (or job); connects on first use."""

    settings: Settings
    store: Store
    queue: JobQueue

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Platform":
        """Open what the environment and the YAML file name."""
        return cls.open(Settings.from_env(environ))

    @classmethod
    def open(cls, settings: Settings) -> "Platform":
        """Open what the settings name."""
        return cls(settings, Store.open(settings), JobQueue(settings.redis))
