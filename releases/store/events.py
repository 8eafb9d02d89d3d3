"""How the event log is kept: who came in, what was asked for, what was refused."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import redis

from releases.errors import PaasError
from releases.store import keys
from releases.store.connection import Client

LOGIN = "login"
COMMAND = "command"
PUSH = "push"
REFUSED = "refused"
ROLLBACK = "rollback"  # nobody asked for it
ENDED = "ended"
PROCESS = "process"  # one crashed, or runs well again; by the platform itself
MAX_EVENTS = 10_000  # of those with a key, and of strangers; the oldest go first
_MAX_CHARS = 300
_IDLE_S = 1.0


class EventLost(PaasError):
    """Redis is away, or full."""


@dataclass(frozen=True)
class Event:
    """One line. Never a secret: commands are there by name, without what they were given."""

    at: float  # Unix seconds
    kind: str
    text: str
    key: str = ""  # its name; empty for a stranger
    fingerprint: str = ""
    address: str = ""


class EventStore:
    """Two capped streams, so that strangers cannot push out what key holders did."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def add(
        self, kind: str, text: str, *, key: str = "", fingerprint: str = "", address: str = ""
    ) -> None:
        """Write one line; EventLost. Without the name of a key it is about a stranger."""
        stream = keys.EVENTS if key else keys.STRANGERS
        given = {"kind": kind, "text": text, "key": key, "fingerprint": fingerprint}
        fields = {name: _kept(value) for name, value in {**given, "address": address}.items()}
        try:
            self._redis.xadd(stream, fields, maxlen=MAX_EVENTS, approximate=True)
        except redis.RedisError as error:
            raise EventLost(f"this event was not recorded: {error}") from error

    def latest(self, count: int) -> list[Event]:
        """The last `count` lines, the oldest first."""
        return [event for _, event in self._latest(count)]

    def follow(self, count: int) -> Iterator[Event | None]:
        """The last `count` lines and then all new ones; None in every second without one."""
        after = {name: self._last_id(name) for name in (keys.EVENTS, keys.STRANGERS)}
        for _, event in self._latest(count, after):
            yield event
        while True:
            answer = self._redis.xread(after, block=int(_IDLE_S * 1000), count=500)
            if not answer:
                yield None
            found = []
            for name, items in answer:
                after[name] = items[-1][0]
                found += [
                    (_order(identifier), _event(identifier, item)) for identifier, item in items
                ]
            for _, event in sorted(found, key=lambda pair: pair[0]):
                yield event

    def _latest(
        self, count: int, until: Mapping[str, str] | None = None
    ) -> list[tuple[tuple[int, int], Event]]:
        found = []
        for name in (keys.EVENTS, keys.STRANGERS):
            newest = until[name] if until else "+"
            for identifier, item in self._redis.xrevrange(name, max=newest, count=count):
                found.append((_order(identifier), _event(identifier, item)))
        return sorted(
            heapq.nlargest(count, found, key=lambda pair: pair[0]), key=lambda pair: pair[0]
        )

    def _last_id(self, name: str) -> str:
        last = self._redis.xrevrange(name, count=1)
        return str(last[0][0]) if last else "0-0"


def _kept(value: str) -> str:
    return value[:_MAX_CHARS].encode(errors="replace").decode()


def _order(identifier: str) -> tuple[int, int]:
    milliseconds, _, sequence = identifier.partition("-")
    return int(milliseconds), int(sequence)


def _event(identifier: str, item: Mapping[str, str]) -> Event:
    return Event(at=_order(identifier)[0] / 1000, **item)
