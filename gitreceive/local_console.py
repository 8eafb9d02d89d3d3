"""The terminal, or the pipes, of whoever runs a command on the machine itself."""

import os
import signal
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from releases.console import Window

_CHUNK = 64 * 1024
_STDIN, _STDOUT, _STDERR = 0, 1, 2


class LocalConsole:
    """A Console on this process's standard streams. A terminal counts where both ends are one."""

    def __init__(self, term: str) -> None:
        self._gone = threading.Event()
        self.window: Window | None = _window() if _is_terminal() else None
        self.term = term if self.window else ""

    def read(self) -> bytes:
        """Keys as they are typed."""
        return os.read(_STDIN, _CHUNK)

    def write(self, data: bytes) -> None:
        """BrokenPipeError."""
        _write(_STDOUT, data)

    def write_error(self, data: bytes) -> None:
        """BrokenPipeError."""
        _write(_STDERR, data)

    def wait_until_gone(self) -> None:
        """The terminal was closed, or somebody wants this process to end."""
        self._gone.wait()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Keys are not read here meanwhile, and signals end the program."""
        saved = termios.tcgetattr(_STDIN) if self.window else None
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, lambda *_: self._gone.set())
        if self.window:
            signal.signal(signal.SIGWINCH, lambda *_: self._resize())
            tty.setraw(_STDIN, termios.TCSADRAIN)  # what was typed ahead counts
        try:
            yield
        finally:
            if saved:
                termios.tcsetattr(_STDIN, termios.TCSADRAIN, saved)

    def _resize(self) -> None:
        if self.window:
            self.window.resize(*os.get_terminal_size(_STDOUT))


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _window() -> Window:
    return Window(*os.get_terminal_size(_STDOUT))


def _write(number: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(number, left) :]
