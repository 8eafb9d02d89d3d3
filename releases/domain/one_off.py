"""What a one-off is: a container that runs one command of an app and is gone afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from releases.console import Size
from releases.domain.container import Container, Slot
from releases.domain.release import Release
from releases.errors import BadInput, PaasError

PROCESS_TYPE = "run"


class TooManyOneOffs(PaasError):
    """An app has as many as the settings allow."""


class NoSuchOneOff(PaasError):
    """The app has no one-off of that name."""

    def __init__(self, app: str, name: str) -> None:
        super().__init__(f"app {app} has no {name[:40]}; `run:list {app}` shows what there is")


@dataclass(frozen=True)
class Run:
    """A command that is to be run once, in a container of a release."""

    release: Release
    number: int  # never used twice for an app: `run.3`
    words: Sequence[str]  # as typed; one that is a process's name stands for its line
    who: str
    until: float = 0.0  # Unix seconds, when a detached one is stopped; 0: somebody attends it
    size: Size | None = None  # of the terminal, where it is known
    has_terminal: bool = False
    term: str = ""  # what kind of terminal

    @property
    def slot(self) -> Slot:
        """Its place: no formation has it, so no rollout knows it."""
        return Slot(self.release.number, 0, PROCESS_TYPE, self.number)

    @property
    def is_detached(self) -> bool:
        """Whether it goes on without anybody."""
        return self.until > 0


@dataclass(frozen=True)
class OneOff:
    """A one-off as Docker has it. Condemned: it has ended, and that was noted."""

    container: Container
    who: str
    until: float  # as in Run

    @property
    def name(self) -> str:
        """`run.3`."""
        return self.container.slot.name

    @property
    def is_detached(self) -> bool:
        """Whether it goes on without anybody."""
        return self.until > 0

    @property
    def has_ended(self) -> bool:
        """Whether its command is over. One that was never started is not: it may be about to."""
        return self.container.state in ("exited", "dead")

    @property
    def lease(self) -> str:
        """The name of the lock that whoever attends it holds."""
        return lease(self.container.app, self.name)


def lease(app: str, name: str) -> str:
    """Held as long as somebody attends `run.3` of an app."""
    return f"{app}:{name}"


def process_type(words: Sequence[str], processes: Mapping[str, str | None]) -> str | None:
    """The process that is meant, where a single word names one of the Procfile."""
    return words[0] if len(words) == 1 and words[0] in processes else None


def arguments(words: Sequence[str], processes: Mapping[str, str | None]) -> list[str] | None:
    """What is executed in the container; None: the image's own command. BadInput without words.

    Only a line of the Procfile, and a single word that is a line itself (`ls | wc`), need a
    shell, and it is the container's. All else reaches the program as it was typed.
    """
    if not words:
        raise BadInput("nothing to run; say for example: run myapp ls -la")
    named = process_type(words, processes)
    line = processes[named] if named else None
    if named and not line:
        return None
    if line or (len(words) == 1 and words[0].split() != [words[0]]):
        return ["/bin/sh", "-c", line or words[0]]
    return list(words)
