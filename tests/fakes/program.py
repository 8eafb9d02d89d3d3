"""A program and a console in memory, for whatever joins the two."""

import queue
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from releases.console import Size, Window
from releases.engine.program import Output


class FakeProgram:
    """Writes back what it is given, until its input or it ends; `errors` go to standard error."""

    def __init__(self, status: int = 0, errors: bytes = b"", endless: bool = False) -> None:
        self.sizes: queue.Queue[Size] = queue.Queue()
        self.ends = 0
        self.ended = threading.Event()
        self.written = 0  # bytes that somebody has taken of it, with those under way
        self._status = status
        self._errors = errors
        self._endless = endless
        self._input: queue.Queue[bytes] = queue.Queue(4)

    def output(self) -> Iterator[Output]:
        """The errors first."""
        if self._errors:
            yield Output(self._errors, is_error=True)
        while self._endless and not self.ended.is_set():
            self.written += 65536
            yield Output(b"x" * 65536)
        while not self.ended.is_set() and (data := self._input.get()):
            yield Output(data)

    def write(self, data: bytes) -> None:
        """OSError once it has ended."""
        if self.ended.is_set():
            raise BrokenPipeError
        self._input.put(data)

    def end_input(self) -> None:
        """It ends then."""
        self._input.put(b"")

    def resize(self, size: Size) -> None:
        """Kept for the test."""
        self.sizes.put(size)

    def exit_status(self) -> int:
        """As the test has chosen."""
        return self._status

    def end(self, grace_s: float) -> None:
        """Counted."""
        self.ends += 1
        self.ended.set()
        self._input.put(b"")


class FakeConsole:
    """Somebody who types some lines, reads so many pieces and leaves."""

    def __init__(self, *typed: bytes, window: Window | None = None, stays: bool = False) -> None:
        self.window = window
        self.term = "xterm" if window else ""
        self.out = b""
        self.errors = b""
        self.reads = True
        self.gone = threading.Event()
        self._typed = list(typed)
        self._stays = stays

    def taken(self) -> AbstractContextManager[None]:
        """Nothing to do."""
        return nullcontext()

    def read(self) -> bytes:
        """What is typed; then the end, or silence."""
        if not self._typed and self._stays:
            self.gone.wait()
        return self._typed.pop(0) if self._typed else b""

    def write(self, data: bytes) -> None:
        """BrokenPipeError where nobody reads."""
        if not self.reads:
            raise BrokenPipeError
        self.out += data

    def write_error(self, data: bytes) -> None:
        """The second stream."""
        self.errors += data

    def wait_until_gone(self) -> None:
        """Until the test says so."""
        self.gone.wait()
