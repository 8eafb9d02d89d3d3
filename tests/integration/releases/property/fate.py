"""How a worker dies or stalls at a chosen call: to the engine, or to Redis, before or after it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from redis.client import Pipeline

from releases.engine.protocol import Engine


class Killed(BaseException):
    """The worker was killed: no `except` of ours sees it."""


@dataclass(frozen=True)
class Strike:
    """At which call it happens: the n-th to `engine` or to `redis`; before or after its effect."""

    kind: str
    call: int
    after: bool


class Fate:
    """What will happen to the worker that holds it: nothing, until it is armed."""

    def __init__(self) -> None:
        self._left = 0
        self._strike: Strike | None = None
        self._happens: Callable[[], None] = self._die
        self._is_dead = False

    def arm(self, strike: Strike | None, happens: Callable[[], None] | None = None) -> None:
        """The next worker dies there, or that happens and it goes on."""
        self._strike, self._left = strike, strike.call if strike else 0
        self._happens, self._is_dead = happens or self._die, False

    def disarm(self) -> None:
        """Whoever calls now lives."""
        self.arm(None)

    def call(self, kind: str, do: Callable[[], Any]) -> Any:
        """Do it, unless the worker is dead; what it leaves to `finally` does not happen either."""
        if self._is_dead:
            raise Killed
        strike = self._strike
        if strike is None or strike.kind != kind:
            return do()
        self._left -= 1
        if self._left:
            return do()
        self._strike = None
        if not strike.after:
            self._happens()
            return do()
        answer = do()
        self._happens()
        return answer

    def _die(self) -> None:
        self._is_dead = True
        raise Killed


class MortalEngine:
    """An engine whose user dies as its fate has it."""

    def __init__(self, engine: Engine, fate: Fate) -> None:
        self._engine = engine
        self._fate = fate

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            do = getattr(self._engine, name)
            return self._fate.call("engine", lambda: do(*arguments, **named))

        return call


class MortalRedis(redis.Redis):
    """A client whose user dies as its fate has it. A pipeline counts as one command."""

    fate: Fate

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        do = super().execute_command
        return self.fate.call("redis", lambda: do(*arguments, **options))

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> "MortalPipeline":
        callbacks = self.response_callbacks
        made = MortalPipeline(self.connection_pool, callbacks, transaction, shard_hint)
        made.fate = self.fate
        return made


class MortalPipeline(Pipeline):
    """What it gathers is sent at once."""

    fate: Fate

    def execute(self, raise_on_error: bool = True) -> Any:
        do = super().execute
        return self.fate.call("redis", lambda: do(raise_on_error))
