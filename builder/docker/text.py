"""How output of strange programs becomes lines that a terminal and a log can be given."""

import re
from collections.abc import Callable, Iterator

MAX_CHARS = 1000  # of one line
_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # colours, cursor movements
    r"|\x1b."
)

Mask = Callable[[str], str]  # puts **** in place of what must not be seen


def visible(line: str) -> str:
    """The line as a terminal would have shown it at its end, without anything that steers one."""
    line = line.rstrip("\r")
    if "\r" in line:  # a progress bar drew over itself
        line = line.rpartition("\r")[2]
    line = _ESCAPES.sub("", line)
    if not line.isprintable():
        line = "".join(_printable(character) for character in line)
    return line.rstrip()


def shorten(text: str, limit: int) -> str:
    """At most so many characters, the last one a `…` where some are missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def plain(line: str) -> str:
    """What is visible of a line, and never longer than MAX_CHARS."""
    return shorten(visible(line), MAX_CHARS)


def unmasked(text: str) -> str:
    """The mask where nothing is secret."""
    return text


def _printable(character: str) -> str:
    if character == "\t":
        return "    "
    if character.isspace():
        return " "
    return character if character.isprintable() else ""


class LineBuffer:
    """Puts pieces of output together to lines; a line is plain and never longer than MAX_CHARS."""

    _MAX_PENDING = 64 * 1024  # output without any newline must not pile up

    def __init__(self, mask: Mask = unmasked) -> None:
        self._pending = b""
        self._mask = mask

    def feed(self, piece: bytes) -> Iterator[str]:
        """The lines that this piece completes."""
        *lines, self._pending = (self._pending + piece).split(b"\n")
        yield from map(self._line, lines)
        if len(self._pending) > self._MAX_PENDING:
            yield from self.flush()

    def flush(self) -> Iterator[str]:
        """The last line, if it had no newline."""
        pending, self._pending = self._pending, b""
        line = self._line(pending)
        if line:
            yield line

    def _line(self, raw: bytes) -> str:
        # Masked before it is cut: what is left of a secret that was cut would not be known as one.
        return shorten(self._mask(visible(raw.decode("utf-8", "replace"))), MAX_CHARS)
