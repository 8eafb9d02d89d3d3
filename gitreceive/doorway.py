"""Who stands at the door without asking for anything, and whom to send away."""

import threading
import time
from collections import Counter, OrderedDict
from typing import Protocol


class Visitor(Protocol):
    """A connection, as far as the doorway is concerned."""

    address: str

    def hang_up(self) -> None:
        """End the connection at once."""


class Doorway:
    """Connections that want nothing at the moment: few, and not for long.

    When there are too many, the one that has stood longest at the fullest address goes:
    honest clients come in within a moment, so a crowd of idlers cannot lock them out.
    """

    def __init__(self, most_s: float, most: int, most_per_address: int) -> None:
        self._most_s = most_s
        self._most = most
        self._most_per_address = most_per_address
        self._waiting: OrderedDict[Visitor, float] = OrderedDict()  # -> when its time is up
        self._counts: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._closed = False

    def enter(self, visitor: Visitor) -> None:
        """Begin to count; may send another visitor away."""
        with self._changed:
            self._waiting[visitor] = time.monotonic() + self._most_s
            self._counts[visitor.address] += 1
            evicted = self._one_too_many(visitor.address)
            if evicted:
                self._drop(evicted)
            self._changed.notify()
        if evicted:
            evicted.hang_up()

    def leave(self, visitor: Visitor) -> None:
        """The visitor asked for something, or is gone."""
        with self._changed:
            self._drop(visitor)

    def watch(self) -> None:
        """Send away everyone whose time is up, until `close`."""
        while (late := self._next_late()) is not None:
            late.hang_up()

    def close(self) -> None:
        """End `watch`."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _drop(self, visitor: Visitor) -> None:
        if self._waiting.pop(visitor, None) is not None:
            self._counts[visitor.address] -= 1
            if not self._counts[visitor.address]:
                del self._counts[visitor.address]

    def _next_late(self) -> Visitor | None:
        with self._changed:
            while not self._closed:
                oldest = next(iter(self._waiting), None)  # all have the same time, so it is first
                left_s = self._waiting[oldest] - time.monotonic() if oldest else None
                if oldest and left_s is not None and left_s <= 0:
                    self._drop(oldest)
                    return oldest
                self._changed.wait(left_s)
        return None

    def _one_too_many(self, newest: str) -> Visitor | None:
        if self._counts[newest] > self._most_per_address:
            fullest = newest
        elif len(self._waiting) > self._most:
            fullest = self._counts.most_common(1)[0][0]
        else:
            return None
        return next(visitor for visitor in self._waiting if visitor.address == fullest)
