"""How a connection to Docker carries a program's input and output, both ways at once."""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from releases.engine.program import Output

_HEAD = struct.Struct(">BxxxL")  # before each piece without a terminal: which stream, how long
_STDERR = 2
_CHUNK = 64 * 1024


class Stream:
    """What docker-py's `attach_socket` and `exec_start(socket=True)` return."""

    def __init__(self, opened: Any, *, is_plain: bool) -> None:
        # The reader, not the socket: it has read ahead what came together with the answer's head.
        self._response = opened._response
        self._reader: Any = self._response.raw._fp.fp
        self._socket: socket.socket = self._reader.raw._sock
        self._socket.settimeout(None)  # docker-py's time limit is for requests
        self._is_plain = is_plain

    def output(self) -> Iterator[Output]:
        """Pieces of at most 64 KB, until the program or Docker ends it."""
        with suppress(OSError, ValueError):  # closed by another thread
            if self._is_plain:
                while data := self._reader.read1(_CHUNK):
                    yield Output(data)
            else:
                yield from self._frames()

    def write(self, data: bytes) -> None:
        """Waits until it is taken; OSError where the other side is gone."""
        self._socket.sendall(data)

    def end_input(self) -> None:
        """Half a close: output goes on."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Wake whoever reads or writes, also in another thread."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the connection back to the system; nobody may be reading."""
        with suppress(OSError, AttributeError):
            self._response.close()

    def _frames(self) -> Iterator[Output]:
        while len(head := self._reader.read(_HEAD.size)) == _HEAD.size:
            kind, left = _HEAD.unpack(head)
            while left:
                data = self._reader.read1(min(left, _CHUNK))
                if not data:
                    return
                left -= len(data)
                yield Output(data, is_error=kind == _STDERR)
