"""The real ssh client on a terminal: what a person with a keyboard and a window has."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Terminal:
    """A program on a terminal of its own: it leads a session, as in a window."""

    def __init__(self, process: "subprocess.Popen[bytes]", master: int) -> None:
        self.process = process
        self.seen = b""
        self._master = master

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Pull at the window's corner."""
        set_size(self._master, rows, columns)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def expect(self, text: str, timeout_s: float = 20.0) -> None:
        """Return when the screen has shown it; what was shown until then is forgotten."""
        deadline = time.monotonic() + timeout_s
        while text.encode() not in self.seen:
            ready, _, _ = select.select([self._master], [], [], deadline - time.monotonic())
            assert ready, f"{text!r} was not shown, but {self.seen!r}"
            self.seen += self._read()
        self.seen = self.seen.partition(text.encode())[2]

    def status(self, timeout_s: float = 30.0) -> int:
        """Read to the end; the exit status."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it goes on, and has shown {self.seen!r}"
            if select.select([self._master], [], [], 0.05)[0]:
                self.seen += self._read()
        return self.process.returncode

    def close_window(self) -> None:
        """The terminal is gone, and with it the program."""
        os.killpg(self.process.pid, signal.SIGHUP)
        self.process.wait()

    def _read(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError:  # so Linux says that the other side is closed
            assert self.process.wait(10) is not None
            return b""


def set_size(terminal: int, rows: int, columns: int) -> None:
    """As a terminal's window does it."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextmanager
def on_terminal(command: list[str], rows: int = 33, columns: int = 77) -> Iterator[Terminal]:
    """Start it; killed at the end if it still runs."""
    master, slave = pty.openpty()
    set_size(slave, rows, columns)
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [*command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)
