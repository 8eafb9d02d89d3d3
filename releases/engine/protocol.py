"""What runs containers has to be able to do, and what it says of one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from releases.domain.container import Container, Slot
from releases.domain.image import AppImage
from releases.domain.limits import Terms
from releases.domain.one_off import OneOff
from releases.domain.release import Artifact, Release
from releases.errors import PaasError

STANDARD = Terms()  # no limits of the app's own


class EngineFailed(PaasError):
    """Docker did not do what was asked."""


class TookTooLong(EngineFailed):
    """A command did not end in time."""

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"it took longer than {limit_s:g} s")


@dataclass(frozen=True)
class Ended:
    """How a command in a container ended, and the last lines that it wrote."""

    status: int
    output: tuple[str, ...] = ()


@dataclass(frozen=True)
class Once:
    """A command that is run once, for a release."""

    line: str  # for a shell
    timeout_s: float
    write: Callable[[list[str]], None]  # is given its output, line by line as it comes
    keeps_changes: bool = False  # what it changes becomes an image


@dataclass(frozen=True)
class Ran:
    """Its exit status, and the id of the image that was made of its changes."""

    status: int
    image: str = ""


@dataclass(frozen=True)
class Condition:
    """How a container is right now."""

    running: bool
    exit_code: int
    restarts: int  # Docker has restarted it so many times
    process: int  # its first process's id on this host, 0 if none or not visible
    out_of_memory: bool = False
    ended_at: float = 0.0  # Unix seconds; 0 while it runs
    hangs: bool = False  # the kernel keeps it frozen, and Docker takes it for running

    @property
    def reason(self) -> str:
        """Why it ended, in a few words."""
        if self.hangs:
            return "frozen, and Docker does not know it"
        if self.exit_code < 0:
            return "removed"
        return "killed for memory" if self.out_of_memory else f"exit status {self.exit_code}"

    def has_died_since(self, restarts: int) -> bool:
        """Whether it ended since Docker had restarted it so often, if only to be restarted."""
        return not self.running or self.hangs or self.restarts > restarts


class Losses(Protocol):
    """The name of an app for each of its containers that dies or is removed, as it happens.

    None for those on their way out. It ends when the engine does, or when somebody closes it.
    """

    def __iter__(self) -> Iterator[str]:
        """Wait for the next one."""

    def close(self) -> None:
        """End it, also from another thread."""


class LogStream(Protocol):
    """Chunks of a container's output, or of events, until somebody closes it."""

    def __iter__(self) -> Iterator[bytes]:
        """The chunks as they come."""

    def close(self) -> None:
        """End it, also from another thread."""


class Engine(Protocol):
    """Runs containers: Docker on this host, or the fake that the tests share a contract with."""

    def containers(self, app: str) -> list[Container]:
        """All containers of an app that fill slots, in any state, by slot."""

    def one_offs(self, app: str | None = None) -> list[OneOff]:
        """All one-offs of an app, or of all apps, in any state, by app and number."""

    def all_containers(self) -> list[Container]:
        """Those of all apps, in any state."""

    def losses(self) -> Losses:
        """Follow what is lost from now on."""

    def start(
        self, release: Release, slots: list[Slot], terms: Terms = STANDARD
    ) -> list[Container]:
        """Fill slots with new containers, in parallel. All of them are started or none is left."""

    def start_again(self, containers: list[Container]) -> None:
        """Start containers that exist but do not run."""

    def freeze(self, containers: list[Container]) -> None:
        """Stop them where they stand: no CPU, all of their memory. Gone already is fine.

        One of which the engine no longer knows that it is frozen is condemned.
        """

    def thaw(self, containers: list[Container]) -> None:
        """Have frozen containers go on."""

    def frozen(self) -> list[Container]:
        """All containers of all apps that are frozen."""

    def memory_bytes(self, container: Container) -> int:
        """What it takes now; 0 if it is gone."""

    def condition(self, container: Container) -> Condition:
        """Look at one container."""

    def tail(self, container: Container, lines: int) -> list[str]:
        """The last lines of its output."""

    def execute(self, container: Container, words: Sequence[str], timeout_s: float) -> Ended:
        """Run a command in a running container; TookTooLong."""

    def run_once(self, release: Release, once: Once) -> Ran:
        """Run a command in a container of its own, of the release's image; TookTooLong.

        The container is gone when this returns, and no list of containers has it. One that a
        dead worker left is removed first. An image is made only of what succeeded.
        """

    def end_once(self, app: str) -> None:
        """End what runs once for an app, and remove what is left of it."""

    def condemn(self, container: Container) -> None:
        """Mark it for good as on its way out, and free its slot. Gone already is fine."""

    def retire(self, container: Container, grace_s: float) -> None:
        """SIGTERM, SIGKILL after the grace period, remove. Gone already is fine."""

    def fetch_image(self, artifact: Artifact, report: Callable[[str], None]) -> None:
        """Pull an artifact's image unless it is there or no registry has it; report if so."""

    def image_exists(self, image: str) -> bool:
        """Whether an image is there to be started."""

    def app_images(self, app: str = "") -> list[AppImage]:
        """All images that were made for an app of this platform, or for any."""

    def remove_image(self, image: AppImage) -> bool:
        """Take our names from an image, and remove it unless it has others or is in use.

        Return whether it is gone. That it is in use, or gone already, is no error.
        """

    def remove_images(self, app: str) -> None:
        """The same with all images of an app."""
