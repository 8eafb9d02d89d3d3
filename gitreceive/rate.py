"""How often something may be done in one name: so many a minute, and as many at once."""

import threading
import time
from collections.abc import Callable

_FORGET_AT = 10_000  # names


class Rate:
    """A bucket of tokens for each name, which fills up within a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when they were counted
        self._lock = threading.Lock()

    def take(self, name: str) -> bool:
        """Take a token; False where there is none. A rate of 0 knows no limit."""
        if not self._most:
            return True
        with self._lock:
            if len(self._buckets) >= _FORGET_AT:
                self._forget()
            left = self._left(name)
            self._buckets[name] = (left - 1 if left >= 1 else left, self._clock())
            return left >= 1

    def give_back(self, name: str) -> None:
        """It did not count after all."""
        if self._most:
            with self._lock:
                self._buckets[name] = (min(self._left(name) + 1, self._most), self._clock())

    def _left(self, name: str) -> float:
        tokens, counted_at = self._buckets.get(name, (float(self._most), 0.0))
        return min(tokens + (self._clock() - counted_at) * self._most / 60, float(self._most))

    def _forget(self) -> None:
        """Names whose bucket is full are as good as new; if that is not enough, so are all."""
        self._buckets = {
            name: bucket for name, bucket in self._buckets.items() if self._left(name) < self._most
        }
        if len(self._buckets) >= _FORGET_AT:
            self._buckets.clear()
