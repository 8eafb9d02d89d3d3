"""How the container runtime says that a program cannot be run: as if the program had said it."""

import re
from collections.abc import Iterator

from releases.engine.program import CannotRun, Output

# Of a container by its init, in three writes; of an exec by Docker.
_MARKS = (b"[FATAL tini (", b"OCI runtime exec failed: ")
_LINES = (
    re.compile(rb"\[FATAL tini \(\d+\)\] exec (.+) failed: ([^\r\n]+)\r?\n"),
    re.compile(rb'OCI runtime exec failed: .*exec: "(.+)": ([^\r\n]+?)(?:: unknown)?\r?\n'),
)
_LONGEST = 4096


def checked(pieces: Iterator[Output]) -> Iterator[Output]:
    """The output; CannotRun if all of it is one such line."""
    held: list[Output] = []
    said = b""
    for piece in pieces:
        held.append(piece)
        said += piece.data
        if not _may_be_refusal(said):
            yield from held
            yield from pieces
            return
    for line in _LINES:
        if found := line.fullmatch(said):
            raise CannotRun(*(part.decode(errors="replace") for part in found.groups()))
    yield from held


def _may_be_refusal(said: bytes) -> bool:
    """Whether what was said so far may be the beginning of such a line, or one."""
    begins = any(said.startswith(mark) or mark.startswith(said) for mark in _MARKS)
    return begins and len(said) < _LONGEST and said.count(b"\n") <= said.endswith(b"\n")
