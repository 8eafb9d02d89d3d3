"""How much of a build's output is kept: all up to a number of bytes, and the end in any case."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Write = Callable[[list[str]], None]
_LAST_LINES = 200  # where the reason of a failure stands


@contextmanager
def bounded(write: Write, limit_kb: int) -> Iterator[Write]:
    """Hand over a `write` that passes on so much and no more.

    What came last of the rest follows at the end, also where that is an exception.
    """
    output = _Output(write, limit_kb)
    try:
        yield output.write
    finally:
        output.end()


class _Output:
    def __init__(self, write: Write, limit_kb: int) -> None:
        self._write, self._limit_kb = write, limit_kb
        self._left = limit_kb * 1024  # bytes
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._kept_back = 0  # lines

    def write(self, lines: list[str]) -> None:
        passed = []
        for line in lines:
            self._left -= len(line.encode(errors="replace")) + 1
            if self._left >= 0:
                passed.append(line)
            else:
                self._keep_back(line, passed)
        if passed:
            self._write(passed)

    def _keep_back(self, line: str, passed: list[str]) -> None:
        if not self._kept_back:
            passed.append(
                f"[more than {self._limit_kb} KB of output (the setting build_log_kb): "
                f"only the last {_LAST_LINES} lines follow, at the end]"
            )
        self._kept_back += 1
        self._last.append(line)

    def end(self) -> None:
        if self._kept_back:
            left_out = self._kept_back - len(self._last)
            self._write([f"[{left_out} lines are left out]", *self._last])
