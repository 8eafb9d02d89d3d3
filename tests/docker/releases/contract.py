"""An engine, an image that it has, and ways to act behind its back."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from releases.domain.container import Container, Slot
from releases.domain.one_off import OneOff, Run
from releases.domain.release import Release
from releases.engine.protocol import Condition, Engine
from tests.fakes import examples
from tests.services import wait_for

pytestmark = pytest.mark.docker
GRACE_S = 0.0
# Containers of `crash` end at once: Docker's because of the line, the fake's because of the name.
APP = f"contract-{os.getpid()}"  # its images' names are seen by every run on the same Docker
NAME = f"paas/{APP}:{examples.COMMIT}"
OTHER_NAME = f"{NAME}-before-2"
PROCESSES: dict[str, str | None] = {
    "web": None,
    "worker": "sleep 600",
    "crash": "echo Traceback; echo boom; exit 3",
}


@dataclass
class Contract:
    """An engine, an image that it has, and a way to stop a container behind its back."""

    engine: Engine
    image: str
    stop: Callable[[Container], None]
    make: Callable[..., str]  # an image of an app under these names; returns its id
    detach: Callable[[Run], None]
    freeze_unseen: Callable[[Container], None]  # as a Docker does it that dies before it knows
    is_real: bool = False

    def release(self, app: str = "myapp", number: int = 1) -> Release:
        """A release that can be started."""
        made = examples.artifact(image=self.image, processes=PROCESSES)
        return examples.release(app, number, made=made)

    def start(self, *names: str, app: str = "myapp", number: int = 1) -> list[Container]:
        """Start these slots: `web.1`."""
        slots = [slot(name, number) for name in names]
        return self.engine.start(self.release(app, number), slots)

    def run_detached(self, number: int, *words: str, app: str = "myapp") -> OneOff:
        """Start a one-off: `run.1`."""
        self.detach(Run(self.release(app), number, words, "ada", until=2e9))
        [found] = [one for one in self.engine.one_offs(app) if one.name == f"run.{number}"]
        return found

    def names(self, app: str = "myapp") -> list[str]:
        """The slots of the app's containers, as they are listed."""
        return [one.slot.name for one in self.engine.containers(app)]

    def ended(self, container: Container) -> Condition:
        """The container's condition once it has ended."""
        seen: list[Condition] = []

        def has_ended() -> bool:
            seen.append(self.engine.condition(container))
            return not seen[-1].running

        wait_for(has_ended, f"{container.slot.name} to end")
        return seen[-1]


def slot(name: str, number: int = 1, boot: int = 0) -> Slot:
    """The slot called `web.1` of a release."""
    process_type, _, index = name.partition(".")
    return Slot(number, boot, process_type, int(index))
