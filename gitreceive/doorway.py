"""Who has connected without asking for anything yet, and whom to send away."""

import threading
import time
from collections import Counter, OrderedDict
from typing import Protocol

from gitreceive.limits import Limits


class Visitor(Protocol):
    """A connection, as far as the doorway is concerned."""

    address: str

    def hang_up(self) -> None:
        """End the connection at once."""


class Doorway:
    """Connections until their first command: few, and not for long.

    When there are too many, the one that has stood longest at the fullest address goes:
    honest clients come in within a moment, so a crowd of idlers cannot lock them out.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: OrderedDict[Visitor, float] = OrderedDict()  # -> when its time is up
        self._changed = threading.Condition()
        self._closed = False

    def enter(self, visitor: Visitor) -> None:
        """Begin to count; may send another visitor away."""
        with self._changed:
            self._waiting[visitor] = time.monotonic() + self._limits.login_s
            evicted = self._one_too_many(visitor.address)
            if evicted:
                self._waiting.pop(evicted)
            self._changed.notify()
        if evicted:
            evicted.hang_up()

    def leave(self, visitor: Visitor) -> None:
        """The visitor asked for something, or is gone."""
        with self._changed:
            self._waiting.pop(visitor, None)

    def watch(self) -> None:
        """Send away everyone whose time is up, until `close`."""
        while (late := self._next_late()) is not None:
            late.hang_up()

    def close(self) -> None:
        """End `watch`."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _next_late(self) -> Visitor | None:
        with self._changed:
            while not self._closed:
                oldest = next(iter(self._waiting), None)  # all have the same time, so it is first
                left_s = self._waiting[oldest] - time.monotonic() if oldest else None
                if oldest and left_s is not None and left_s <= 0:
                    self._waiting.pop(oldest)
                    return oldest
                self._changed.wait(left_s)
        return None

    def _one_too_many(self, newest: str) -> Visitor | None:
        counts = Counter(visitor.address for visitor in self._waiting)
        if counts[newest] > self._limits.half_open_per_address:
            fullest = newest
        elif len(self._waiting) > self._limits.half_open:
            fullest = counts.most_common(1)[0][0]
        else:
            return None
        return next(visitor for visitor in self._waiting if visitor.address == fullest)
