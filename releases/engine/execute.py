"""How a command is run in a container that runs, and its output read as it comes."""

import select
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from releases.engine.protocol import Ended, TookTooLong

_CHUNK_BYTES = 64 * 1024
_HEADER = struct.Struct(">BxxxL")  # before each piece of output: which stream, how many bytes
_LOOK_S = 0.25
_KEPT_BYTES, _KEPT_LINES = 4096, 3


def try_out(api: Any, container: str, words: Sequence[str], timeout_s: float) -> Ended:
    """Run it, and keep the last of what it writes; TookTooLong."""
    kept = bytearray()

    def keep(stream: int, piece: bytes) -> None:
        kept.extend(piece)
        del kept[:-_KEPT_BYTES]

    status = execute(api, container, words, keep, timeout_s)
    return Ended(status, tuple(kept.decode(errors="replace").splitlines()[-_KEPT_LINES:]))


def execute(
    api: Any,
    container: str,
    words: Sequence[str],
    write: Callable[[int, bytes], None],
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run it; return its exit status. Output goes to `write` in pieces as they come, each with
    the number of its stream: 1 for standard output, 2 for errors.

    TookTooLong when the time is up: the command itself goes on, as Docker cannot end it. Its end
    counts, not that of what it left in the background with its output in hand.
    """
    variables = [f"{name}={value}" for name, value in (environment or {}).items()]
    made = api.exec_create(container, list(words), environment=variables)
    opened = api.exec_start(made["Id"], socket=True)
    try:
        for stream, piece in unframed(_received(api, made["Id"], opened, timeout_s)):
            write(stream, piece)
    finally:
        opened._response.close()
    status = api.exec_inspect(made["Id"])["ExitCode"]
    return -1 if status is None else int(status)


def _received(api: Any, identifier: str, opened: Any, timeout_s: float) -> Iterator[bytes]:
    # docker-py (7.1) gives the bare socket; its reader has what came with the answer's head.
    reader = opened._response.raw._fp.fp
    connection = reader.raw._sock
    connection.setblocking(False)
    deadline = time.monotonic() + timeout_s
    yield reader.read1(_CHUNK_BYTES) or b""
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TookTooLong(timeout_s)
        readable, _, _ = select.select([connection], [], [], min(_LOOK_S, left_s))
        if readable:
            data = reader.read1(_CHUNK_BYTES)
            if not data:
                return
            yield data
        elif not api.exec_inspect(identifier)["Running"]:
            return


def unframed(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """The output without Docker's headers; of a frame, what is there already."""
    buffer, left, stream = b"", 0, 1
    for chunk in chunks:
        buffer += chunk
        while buffer:
            if not left:
                if len(buffer) < _HEADER.size:
                    break
                stream, left = _HEADER.unpack_from(buffer)
                buffer = buffer[_HEADER.size :]
            piece, buffer = buffer[:left], buffer[left:]
            left -= len(piece)
            if piece:
                yield stream, piece
