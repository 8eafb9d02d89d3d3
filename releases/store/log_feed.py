"""The newest entries of one log that is followed here, held once for all its followers."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from releases.store.logs import LogEntry

FEED_CHARS = 64 * 1024


class Feed:
    """Filled by the one reader, taken from by many followers, each at its own pace.

    It holds at most about FEED_CHARS: a follower that falls behind reads from Redis what is
    gone from here, and while nobody takes what is here, no more of the log `is_wanted`.
    """

    def __init__(self, after: str, on_wanted: Callable[[], None]) -> None:
        self.followers = 0
        self._on_wanted = on_wanted  # called when the log is wanted again
        self._changed = threading.Condition()
        self._entries: deque[LogEntry] = deque()
        self._start = after  # what came after this entry is here
        self._last = after
        self._chars = 0
        self._untaken_chars = 0

    @property
    def start(self) -> str:
        """The id of the newest entry that is no longer here."""
        return self._start

    @property
    def last(self) -> str:
        """The id after which the log is to be read on."""
        return self._last

    @property
    def is_wanted(self) -> bool:
        """Whether more entries may be added now."""
        with self._changed:
            return self._untaken_chars < FEED_CHARS

    def add(self, entries: Iterable[LogEntry]) -> None:
        """New entries, in order; the oldest go when there are too many."""
        with self._changed:
            for entry in entries:
                self._entries.append(entry)
                self._chars += len(entry.line) + 1
                self._untaken_chars += len(entry.line) + 1
                self._last = entry.id
            while self._chars > FEED_CHARS and len(self._entries) > 1:
                oldest = self._entries.popleft()
                self._chars -= len(oldest.line) + 1
                self._start = oldest.id
            self._changed.notify_all()

    def take(self, after: str, timeout_s: float) -> list[LogEntry] | None:
        """What came after an entry, as soon as there is something; empty when the time is up.

        None where some of it is no longer here: it has to be read from Redis.
        """
        with self._changed:
            was_full = self._untaken_chars >= FEED_CHARS
            found = self._after(after)
            if found is not None:
                self._untaken_chars = 0
        if was_full and found is not None:
            self._on_wanted()  # before any waiting: nothing comes to a full feed
        return self._await(after, timeout_s) if found == [] else found

    def wait(self, timeout_s: float) -> None:
        """Return when something was added, or the time is up."""
        with self._changed:
            self._changed.wait(timeout_s)

    def _await(self, after: str, timeout_s: float) -> list[LogEntry] | None:
        with self._changed:
            found = self._after(after)
            if found == [] and self._changed.wait(timeout_s):
                found = self._after(after)
            return found

    def _after(self, identifier: str) -> list[LogEntry] | None:
        place, found = _place(identifier), deque[LogEntry]()
        if place < _place(self._start):
            return None
        for entry in reversed(self._entries):
            if _place(entry.id) <= place:
                break
            found.appendleft(entry)
        return list(found)


def _place(identifier: str) -> tuple[int, ...]:
    """Where an entry's id (`1700000000000-3`) stands among others."""
    return tuple(map(int, identifier.split("-")))
