"""Whose push to an app is under way, and who waits behind it."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gitreceive.client import ClientGone


class Turn:
    """One push in the line of its app."""

    def __init__(self, title: str) -> None:
        self.title = title  # "alice's push of 3f9ac21"
        self.changed = threading.Event()
        self.given_up = False

    def give_up(self) -> None:
        """The pusher hung up: stop waiting."""
        self.given_up = True
        self.changed.set()


class Turns:
    """One push per app at a time, first come first served, within this process."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[Turn]] = defaultdict(deque)
        self._lock = threading.Lock()

    @contextmanager
    def take(self, app: str, turn: Turn, on_wait: Callable[[str, int], None]) -> Iterator[None]:
        """Wait for the turn, hold it, pass it on; ClientGone when it was given up.

        `on_wait` is told once whose push is under way and how many wait before this one.
        """
        with self._lock:
            line = self._lines[app]
            line.append(turn)
            first, ahead = line[0], len(line) - 1
        try:
            if ahead:
                on_wait(first.title, ahead - 1)
            self._wait(app, turn)
            yield
        finally:
            self._leave(app, turn)

    def waiting(self, app: str) -> int:
        """How many pushes hold the turn or wait for it."""
        with self._lock:
            return len(self._lines.get(app, ()))

    def _wait(self, app: str, turn: Turn) -> None:
        while True:
            if turn.given_up:
                raise ClientGone("the pusher hung up while waiting")
            with self._lock:
                if self._lines[app][0] is turn:
                    return
                turn.changed.clear()
            if not turn.given_up:
                turn.changed.wait()

    def _leave(self, app: str, turn: Turn) -> None:
        with self._lock:
            line = self._lines[app]
            line.remove(turn)
            if line:
                line[0].changed.set()
            else:
                del self._lines[app]
