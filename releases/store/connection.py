"""How we connect to Redis, and what we wait on there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

from releases.errors import PaasError

# redis-py types an answer as text or bytes or awaitable; the store's own signatures are strict.
Client = Any

_TRY_EVERY_S = 0.25


class NoRedis(PaasError, redis.ConnectionError):
    """Redis cannot be reached: a line for a user, and for a daemon something to wait out."""


class _Redis(redis.Redis):
    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call] # redis-py has no types here
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise NoRedis(f"Redis does not answer; is the platform up? ({error})") from error


class _Patience(Retry):
    """Tries for a time. redis-py (8.1) retries within retries; here only the outermost counts."""

    def __init__(self, patience_s: float) -> None:
        super().__init__(ConstantBackoff(_TRY_EVERY_S), int(patience_s / _TRY_EVERY_S))
        self._is_trying = False  # a connection, which has a copy of its own, is used by one thread

    def call_with_retry(self, *arguments: Any, **options: Any) -> Any:
        if self._is_trying:
            return Retry(NoBackoff(), 0).call_with_retry(*arguments, **options)
        self._is_trying = True
        try:
            return super().call_with_retry(*arguments, **options)
        finally:
            self._is_trying = False


def client_options(patience_s: float) -> dict[str, Any]:
    """What a Redis client is made with that waits so long for a Redis that went away; 0: moments.

    What was done twice because an answer was lost must do no harm. Without `driver_info` redis-py
    (8.1) reads its own version from the disk for each connection: 1.6 ms of a job, measured.
    """
    retry = {"retry": _Patience(patience_s)} if patience_s else {}
    return {"driver_info": None, **retry}


def connect(url: str, patience_s: float = 0.0) -> Client:
    """A client with text answers; it connects on first use. Its commands may raise NoRedis."""
    return _Redis.from_url(
        url,
        decode_responses=True,
        protocol=2,
        health_check_interval=30,
        **client_options(patience_s),
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
