"""How crashes of processes are kept, so that a back-off outlives whoever waits."""

import json
from collections.abc import Iterable
from dataclasses import asdict

from releases.domain.container import Slot
from releases.domain.crash import Crash
from releases.store import keys
from releases.store.connection import Client


class CrashStore:
    """Per app and process; what was noted of another release's or boot's process does not count."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def of(self, app: str) -> dict[Slot, Crash]:
        """By the place of the process."""
        return _crashes(self._redis.hgetall(keys.crashes(app)))

    def of_all(self, apps: Iterable[str]) -> dict[str, dict[Slot, Crash]]:
        """The same of several apps, in one round trip."""
        names = list(apps)
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(keys.crashes(name))
        return {name: _crashes(record) for name, record in zip(names, pipe.execute(), strict=True)}

    def note(self, app: str, slot: Slot, crash: Crash) -> None:
        """Keep the newest of a process."""
        document = {"release": slot.release, "boot": slot.boot, **asdict(crash)}
        self._redis.hset(keys.crashes(app), slot.name, json.dumps(document))

    def forget(self, app: str, slot: Slot) -> None:
        """It has lived long enough, or nobody wants it any more."""
        self._redis.hdel(keys.crashes(app), slot.name)


def _crashes(record: dict[str, str]) -> dict[Slot, Crash]:
    found = {}
    for name, text in record.items():
        document = json.loads(text)
        process_type, _, index = name.rpartition(".")
        slot = Slot(document.pop("release"), document.pop("boot"), process_type, int(index))
        found[slot] = Crash(**document)
    return found
