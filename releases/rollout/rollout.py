"""What a rollout works with, and the lock under which it may."""

from collections.abc import Sequence
from dataclasses import dataclass

from releases.domain.container import Slot
from releases.domain.release import Release
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

    def say(self, doing: str, release: Release, slots: Sequence[Slot]) -> None:
        """`Starting web.1, web.2 of v3`, where there are any."""
        if slots:
            self.log.step(f"{doing} {', '.join(slot.name for slot in slots)} of {release.name}")
