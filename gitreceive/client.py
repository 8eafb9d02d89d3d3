"""The other end of one SSH channel, as a stream that says plainly when it is gone."""

import io
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import IO, TextIO

import paramiko

from gitreceive.packets import send_data
from releases.console import Window

_CHUNK = 256 * 1024


class ClientGone(BrokenPipeError):
    """The client hung up, or takes no more bytes."""


class Client:
    """Reads from, writes to and ends one channel. Writing raises ClientGone."""

    def __init__(self, channel: paramiko.Channel, stall_s: float) -> None:
        self._channel = channel
        self._is_finished = False
        self.window: Window | None = None  # of the client's terminal
        self.term = ""
        self.stall_after(stall_s)

    def stall_after(self, seconds: float) -> None:
        """Treat the client as gone when it takes no bytes for so long."""
        self._channel.settimeout(seconds)

    @property
    def is_gone(self) -> bool:
        """Whether the channel is closed."""
        return bool(self._channel.closed)

    def read(self, size: int = _CHUNK) -> bytes:
        """Wait for some bytes; none when the client has no more to send."""
        while True:
            try:
                return self._channel.recv(size)
            except TimeoutError:
                continue  # the time limit is for writing: a client may be silent
            except EOFError:
                return b""

    def write(self, data: bytes) -> None:
        """Send to the client's standard output."""
        self._send(partial(send_data, self._channel), data)

    def write_error(self, data: bytes) -> None:
        """Send to the client's standard error."""
        self._send(lambda left: self._channel.send_stderr(bytes(left)), data)

    def say(self, line: str) -> None:
        """One line on standard error; nobody minds if the client is gone."""
        with suppress(ClientGone):
            self.write_error(f"{line}\n".encode(errors="replace"))

    def wait_until_gone(self) -> None:
        """Return when the channel is closed, by whomever."""
        self._channel.status_event.wait()  # paramiko sets it when the channel is closed

    def finish(self, status: int) -> None:
        """Report the exit status and close the channel; the first call counts."""
        if self._is_finished:  # OpenSSH ends a shared connection's session when told twice
            return
        self._is_finished = True
        with suppress(OSError, EOFError, paramiko.SSHException):
            # before the end of file: at that a client closes the channel, and the status is lost
            self._channel.send_exit_status(status)
        self.hang_up()

    def hang_up(self) -> None:
        """Close the channel without a word."""
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.close()

    def _send(self, send: Callable[[memoryview], int], data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                sent = send(left)
            except (OSError, EOFError, paramiko.SSHException) as error:
                raise ClientGone(str(error)) from error
            if not sent:
                raise ClientGone("the channel is closed")
            left = left[sent:]

    # The same as files, for commands.

    def text_out(self, newline: str = "\n") -> TextIO:
        """Standard output as UTF-8 text; `flush` raises ClientGone when nobody reads any more."""
        return _text(_Output(self, self.write), newline)

    def text_error(self, newline: str = "\n") -> IO[str]:
        """Standard error as UTF-8 text."""
        return _text(_Output(self, self.write_error), newline)

    def bytes_in(self) -> IO[bytes]:
        """Standard input."""
        return io.BufferedReader(_Input(self))  # type: ignore[type-var]  # it is a raw stream


class _Input(io.RawIOBase):
    def __init__(self, client: Client) -> None:
        self._client = client

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        data = self._client.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Output(io.RawIOBase):
    def __init__(self, client: Client, send: Callable[[bytes], None]) -> None:
        self._client = client
        self._send = send

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # TextIOWrapper gives bytes
        self._send(bytes(data))
        return len(data)

    def flush(self) -> None:
        if self._client.is_gone:
            raise ClientGone("the client hung up")


def _text(output: _Output, newline: str) -> TextIO:
    # errors="replace": a file name of strange bytes must not end the command that shows it
    return io.TextIOWrapper(
        output,  # type: ignore[type-var]  # unbuffered on purpose: a buffer would hide the flush
        encoding="utf-8",
        errors="replace",
        newline=newline,
    )
