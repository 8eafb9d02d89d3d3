"""A look at Redis past the store: for what must, or must never, stand there."""

import json
from collections.abc import Callable

import pytest
import redis

from releases.settings import Settings

Snapshot = dict[str, str]


@pytest.fixture
def raw(settings: Settings) -> redis.Redis:
    """A client of our own, as `redis-cli` or a stock Hipache would be."""
    return redis.Redis.from_url(settings.redis, decode_responses=True)


@pytest.fixture
def everything(raw: redis.Redis) -> Callable[[], Snapshot]:
    """All keys with all that is in them, as text."""
    readers: dict[str, Callable[[str], object]] = {
        "string": raw.get,
        "hash": raw.hgetall,
        "list": lambda key: raw.lrange(key, 0, -1),
        "set": lambda key: sorted(raw.smembers(key)),
        "zset": lambda key: raw.zrange(key, 0, -1, withscores=True),
        "stream": raw.xrange,
    }

    def read() -> Snapshot:
        return {
            key: json.dumps(readers[raw.type(key)](key), sort_keys=True)
            for key in sorted(raw.scan_iter())
        }

    return read
