"""How a deploy speaks: the output dialect, and following a log to its verdict."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from releases.errors import PaasError
from releases.store.logs import LogEntry, LogStore


class Followed(Protocol):
    """Where logs can be followed: the LogReader, or the LogStore itself."""

    def follow(self, log: str) -> Iterator[LogEntry | None]: ...


class DeployFailed(PaasError):
    """The deploy that was followed ended badly; the message is its reason."""


class DeployLog:
    """Writes one deploy's log."""

    def __init__(self, logs: LogStore, log: str) -> None:
        self._logs = logs
        self.id = log

    def step(self, text: str) -> None:
        """`-----> Building myapp`."""
        self.write([f"-----> {text}"])

    def detail(self, *lines: str) -> None:
        """Lines under a step, indented by seven."""
        self.write(f"       {line}" for line in lines)

    def error(self, *lines: str) -> None:
        """` !     ` lines: what went wrong, for eyes that skim."""
        self.write(f" !     {line}" for line in lines)

    def write(self, lines: Iterable[str]) -> None:
        """Lines as they are, in one round trip."""
        self._logs.append(self.id, lines)

    def succeed(self, line: str) -> None:
        """End the log: the deploy is live."""
        self._logs.end(self.id, ok=True, line=line)

    def fail(self, reason: str) -> None:
        """End the log: the deploy failed, and this one plain line says why."""
        self._logs.end(self.id, ok=False, line=reason)


def follow(
    logs: Followed,
    log: str,
    write: Callable[[str], None],
    on_silence: Callable[[], None] = lambda: None,
) -> str:
    """Write every line of a log until its verdict; return the last line or raise DeployFailed.

    The verdict's own line is returned or raised, not written. `on_silence` is called in
    every second without a line: there a reader that is gone raises, and the following ends.
    """
    for entry in logs.follow(log):
        if entry is None:
            on_silence()
        elif not entry.ended:
            write(entry.line)
        elif entry.ok:
            return entry.line
        else:
            raise DeployFailed(entry.line)
    raise AssertionError("a log is followed until it ends")
