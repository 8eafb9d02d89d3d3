"""What was asked of an app while somebody else was changing it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from releases.store import keys
from releases.store.connection import Client


@dataclass(frozen=True)
class Call:
    """A job as it was asked for: its name, its arguments, the deploy log that it is to end."""

    job: str
    arguments: tuple[object, ...]  # names and numbers
    log: str


class ParkedCalls:
    """By app, the oldest first."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def add(self, app: str, call: Call) -> None:
        """Behind those that wait already."""
        self._redis.rpush(keys.parked(app), json.dumps(asdict(call)))

    def waiting(self, apps: Iterable[str]) -> set[str]:
        """Those of which something waits, in one round trip."""
        names = list(apps)
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.exists(keys.parked(name))
        return {name for name, waits in zip(names, pipe.execute(), strict=True) if waits}

    def next(self, app: str) -> Call | None:
        """The one that waits longest; it stays until it is removed."""
        text = self._redis.lindex(keys.parked(app), 0)
        if text is None:
            return None
        document = json.loads(text)
        return Call(document["job"], tuple(document["arguments"]), document["log"])

    def remove(self, app: str, call: Call) -> None:
        """It is on its way; gone already is fine."""
        self._redis.lrem(keys.parked(app), 1, json.dumps(asdict(call)))
