"""What can be done with a program in a container whose input and output are in our hands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from releases.console import Size
from releases.errors import PaasError


class CannotRun(PaasError):
    """The container has no such program, or may not run it."""

    def __init__(self, program: str, why: str) -> None:
        super().__init__(f"{program[:200]} cannot be run in the container: {why[:200]}")
        self.exit_status = 126 if "permission" in why.lower() else 127  # as a shell says it


@dataclass(frozen=True)
class Output:
    """Some bytes that a program wrote."""

    data: bytes
    is_error: bool = False  # standard error; never on a terminal, which knows no difference


@dataclass(frozen=True)
class Entry:
    """A program that is to be started in a container which runs already."""

    words: Sequence[str]
    has_terminal: bool = False
    size: Size | None = None
    term: str = ""


class Program(Protocol):
    """Running, and attached. `output` is for one thread; the rest may be called from others."""

    def output(self) -> Iterator[Output]:
        """What it writes, until it ends; CannotRun. Not to read on makes it wait."""

    def write(self, data: bytes) -> None:
        """To its standard input; waits until it takes it; OSError when it cannot any more."""

    def end_input(self) -> None:
        """No more will be written. A terminal has no such end."""

    def resize(self, size: Size) -> None:
        """Its terminal has this size now; one that has ended is no error."""

    def exit_status(self) -> int:
        """Wait for its end."""

    def end(self, grace_s: float) -> None:
        """Leave nothing of it: SIGHUP and SIGTERM, after the grace SIGKILL. Once is enough."""
