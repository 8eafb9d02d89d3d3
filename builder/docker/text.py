"""How output of strange programs becomes lines that a terminal and a log can be given."""

import re
from collections.abc import Iterator

MAX_CHARS = 1000  # of one line
_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # colours, cursor movements
    r"|\x1b."
)


def plain(line: str) -> str:
    """The line as a terminal would have shown it at its end, without anything that steers one."""
    line = line.rstrip("\r")
    if "\r" in line:  # a progress bar drew over itself
        line = line.rpartition("\r")[2]
    line = _ESCAPES.sub("", line)
    if not line.isprintable():
        line = "".join(_printable(character) for character in line)
    line = line.rstrip()
    return line if len(line) <= MAX_CHARS else line[: MAX_CHARS - 1] + "…"


def _printable(character: str) -> str:
    if character == "\t":
        return "    "
    if character.isspace():
        return " "
    return character if character.isprintable() else ""


class LineBuffer:
    """Puts pieces of output together to lines; a line is plain and never longer than MAX_CHARS."""

    _MAX_PENDING = 64 * 1024  # output without any newline must not pile up

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, piece: bytes) -> Iterator[str]:
        """The lines that this piece completes."""
        *lines, self._pending = (self._pending + piece).split(b"\n")
        yield from (plain(line.decode("utf-8", "replace")) for line in lines)
        if len(self._pending) > self._MAX_PENDING:
            yield from self.flush()

    def flush(self) -> Iterator[str]:
        """The last line, if it had no newline."""
        pending, self._pending = self._pending, b""
        line = plain(pending.decode("utf-8", "replace"))
        if line:
            yield line
