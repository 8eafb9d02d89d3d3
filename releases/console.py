"""What is at the other end of a command that is talked with byte by byte: over SSH, or here."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

_LARGEST = 10_000  # columns or rows; a client may say anything


@dataclass(frozen=True)
class Size:
    """Of a terminal, in characters."""

    columns: int
    rows: int


class Window:
    """A terminal's size, and whoever waits for it to change. For use by several threads."""

    def __init__(self, columns: int, rows: int) -> None:
        self._size = _bounded(columns, rows)
        self._is_closed = False
        self._changed = threading.Condition()

    @property
    def size(self) -> Size | None:
        """As it is now; None where the terminal does not know it."""
        return self._size

    def resize(self, columns: int, rows: int) -> None:
        """It has another size from now on. A size of nothing is no size."""
        with self._changed:
            self._size = _bounded(columns, rows) or self._size
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody is to wait any longer."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def changes(self, seen: Size | None) -> Iterator[Size]:
        """Each size other than the one seen last; those that pass meanwhile are left out."""
        while size := self._next(seen):
            yield size
            seen = size

    def _next(self, seen: Size | None) -> Size | None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._size != seen)
            return None if self._is_closed else self._size


class Console(Protocol):
    """Whoever runs a command: keys and bytes in, two streams of bytes out."""

    @property
    def window(self) -> Window | None:
        """Its terminal's; None without a terminal."""

    @property
    def term(self) -> str:
        """What kind of terminal it is, as in TERM; may be empty."""

    def taken(self) -> AbstractContextManager[None]:
        """Its keys reach the program unread meanwhile: Ctrl-C is one like others."""

    def read(self) -> bytes:
        """Wait for some bytes; none when no more will come."""

    def write(self, data: bytes) -> None:
        """To standard output; waits for a slow reader; BrokenPipeError where there is none."""

    def write_error(self, data: bytes) -> None:
        """To standard error, in the same way."""

    def wait_until_gone(self) -> None:
        """Return when nobody is there any more."""


def _bounded(columns: int, rows: int) -> Size | None:
    if columns <= 0 or rows <= 0:
        return None
    return Size(min(columns, _LARGEST), min(rows, _LARGEST))
