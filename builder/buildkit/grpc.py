"""How gRPC frames messages and says how a call ended; what a method is to the server."""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Protocol
from urllib.parse import quote

from releases.errors import PaasError

MAX_MESSAGE_BYTES = 4 << 20  # what gRPC's own libraries take at most
_PREFIX_BYTES = 5  # a flag for compression, four bytes of length


class Status(IntEnum):
    """How a call ended."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    NOT_FOUND = 5
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12


class CallRefused(PaasError):
    """A call cannot be answered; the caller is told why."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Call(Protocol):
    """One call under way."""

    def receive(self, message: bytes) -> None:
        """Take a message of the caller's; CallRefused ends the call."""

    def more(self) -> bytes | None:
        """The next framed messages; empty: nothing as long as nothing comes; None: that was all."""


Metadata = Mapping[str, list[str]]  # in lower case
Method = Callable[[Metadata], Call]  # CallRefused if it is not even begun


class Unary:
    """A call of one message and one answer."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._ahead: Iterator[bytes] | None = None

    def receive(self, message: bytes) -> None:
        """Answer the message."""
        self._ahead = iter([frame(self._answer(message))])

    def more(self) -> bytes | None:
        """The answer, once."""
        return b"" if self._ahead is None else next(self._ahead, None)


class Messages:
    """Takes a call's bytes as they come and gives its messages; holds no more than one."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are complete with these bytes; CallRefused for what we do not read."""
        self._pending += data
        while len(self._pending) >= _PREFIX_BYTES:
            if self._pending[0]:
                raise CallRefused(Status.UNIMPLEMENTED, "compressed messages are not read here")
            size = int.from_bytes(self._pending[1:_PREFIX_BYTES], "big")
            if size > MAX_MESSAGE_BYTES:
                raise CallRefused(
                    Status.RESOURCE_EXHAUSTED, f"a message of {size} bytes is too long"
                )
            end = _PREFIX_BYTES + size
            if len(self._pending) < end:
                return
            message = bytes(self._pending[_PREFIX_BYTES:end])
            del self._pending[:end]
            yield message


def frame(message: bytes) -> bytes:
    """A message as it goes over the wire."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def ending(status: Status, reason: str = "") -> list[tuple[bytes, bytes]]:
    """The headers that end a call."""
    headers = [(b"grpc-status", str(int(status)).encode())]
    if reason:
        headers.append(
            (b"grpc-message", quote(reason, safe=" !\"#$&'()*+,/:;<=>?@[]^`{|}").encode())
        )
    return headers
