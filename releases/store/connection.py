"""How we connect to Redis, and what we wait on there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from releases.errors import PaasError

# redis-py types an answer as text or bytes or awaitable; the store's own signatures are strict.
Client = Any


class NoRedis(PaasError, redis.ConnectionError):
    """Redis cannot be reached: a line for a user, and for a daemon something to wait out."""


class _Redis(redis.Redis):
    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call] # redis-py has no types here
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise NoRedis(f"Redis does not answer; is the platform up? ({error})") from error


def connect(url: str) -> Client:
    """A client with text answers; it connects on first use. Its commands may raise NoRedis."""
    return _Redis.from_url(
        url,
        decode_responses=True,
        protocol=2,
        health_check_interval=30,
        driver_info=None,  # else it reads the versions of installed packages for each connection
    )


class Wakeups:
    """A subscription. A message says that something changed, never what."""

    def __init__(self, pubsub: Any) -> None:
        self._pubsub = pubsub

    def wait(self, timeout_s: float) -> bool:
        """Return True on a message and False when the time is up."""
        return self._pubsub.get_message(timeout=timeout_s) is not None


@contextmanager
def wakeups(client: Client, *channels: str) -> Iterator[Wakeups]:
    """Subscribe before reading what you wait for, or the change between the two is missed."""
    with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe(*channels)
        for _ in channels:
            pubsub.get_message(timeout=5.0)  # the confirmation: from here on nothing is missed
        yield Wakeups(pubsub)
