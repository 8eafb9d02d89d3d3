"""What every process of the platform holds: its settings, the store and the queues."""

from collections.abc import Mapping
from dataclasses import dataclass

from releases.settings import Settings
from releases.store import Store
from releases.work.queue import JobQueue


@dataclass(frozen=True)
class Platform:
    """Opened once per process (or job); connects on first use."""

    settings: Settings
    store: Store
    queue: JobQueue

    @classmethod
    def from_env(cls, environ: Mapping[str, str], patience_s: float = 0.0) -> "Platform":
        """Open what the environment and the YAML file name."""
        return cls.open(Settings.from_env(environ), patience_s)

    @classmethod
    def open(cls, settings: Settings, patience_s: float = 0.0) -> "Platform":
        """Open what the settings name; with patience: wait about so long for a Redis that is away.

        What is done twice because an answer was lost must then do no harm.
        """
        store = Store.open(settings, patience_s)
        queue = JobQueue(settings.redis, settings.release_timeout_s, patience_s)
        return cls(settings, store, queue)
