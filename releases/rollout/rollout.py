"""What a rollout works with, and the lock under which it may."""

from dataclasses import dataclass

from releases.engine.protocol import Engine
from releases.log import DeployLog
from releases.rollout.health import Patience
from releases.settings import Settings
from releases.store import Store
from releases.store.locks import Lock


@dataclass(frozen=True)
class Rollout:
    """The tools of one rollout, and the lock under which it runs."""

    settings: Settings
    store: Store
    engine: Engine
    lock: Lock
    log: DeployLog
    patience: Patience
