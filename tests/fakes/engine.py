"""An engine in memory. `tests/docker/releases/test_engine_contract.py` holds it to the real one."""

import itertools
from collections.abc import Callable
from dataclasses import replace

from releases.container import Container, Slot
from releases.engine.protocol import Condition, EngineFailed
from releases.one_off import OneOff, Run
from releases.release import Artifact, Release


class FakeEngine:
    """Containers run until told otherwise; those of slots named in `dying` end at once."""

    def __init__(self) -> None:
        self.running: dict[str, Container] = {}
        self.lonely: dict[str, OneOff] = {}
        self.ended_at: dict[str, float] = {}  # by id
        self.dying: set[str] = set()
        self.refused: set[str] = set()
        self.images: set[str] = set()
        self.stopped: list[str] = []  # ids in the order in which they were retired
        self._ids = itertools.count(1)

    def containers(self, app: str) -> list[Container]:
        """In the order of their slots."""
        found = [one for one in self.running.values() if one.app == app]
        return sorted(found, key=lambda one: (one.slot.name, one.slot.release))

    def one_offs(self, app: str | None = None) -> list[OneOff]:
        """By app and number."""
        found = [one for one in self.lonely.values() if app in (None, one.container.app)]
        return sorted(found, key=lambda one: (one.container.app, one.container.slot.index))

    def detach(self, run: Run) -> None:
        """As the runner on Docker does it; those named in `dying` end at once."""
        made = self._container(run.release, run.slot)
        state = "exited" if run.slot.name in self.dying else "running"
        self.lonely[made.id] = OneOff(replace(made, state=state), run.who, run.until)

    def start(self, release: Release, slots: list[Slot]) -> list[Container]:
        """All of them, or none."""
        refused = [slot.name for slot in slots if slot.name in self.refused]
        taken = {(one.app, one.slot) for one in self.running.values() if not one.condemned}
        refused += [slot.name for slot in slots if (release.app, slot) in taken]
        if refused:
            raise EngineFailed(f"cannot start {refused[0]}")
        made = [self._container(release, slot) for slot in slots]
        self.running.update({one.id: one for one in made})
        return made

    def _container(self, release: Release, slot: Slot) -> Container:
        number = next(self._ids)
        address = f"10.214.1.{number}"
        return Container(str(number), release.app, slot, address, release.port, "running")

    def start_again(self, containers: list[Container]) -> None:
        """Running from now on."""
        for one in containers:
            self.running[one.id] = replace(one, state="running")

    def stop_all(self) -> None:
        """As after a reboot."""
        for one in self.running.values():
            self.running[one.id] = replace(one, state="exited")

    def condition(self, container: Container) -> Condition:
        """Dead if its slot is in `dying`, or if it is gone."""
        lonely = self.lonely.get(container.id)
        found = lonely.container if lonely else self.running.get(container.id)
        if found is None:
            return Condition(running=False, exit_code=-1, restarts=0, process=0)
        alive = container.slot.name not in self.dying and found.state == "running"
        ended_at = self.ended_at.get(container.id, 0.0)
        return Condition(alive, 0 if alive else 3, restarts=0, process=0, ended_at=ended_at)

    def tail(self, container: Container, lines: int) -> list[str]:
        """What a dying one said."""
        return ["Traceback", "boom"][-lines:] if container.slot.name in self.dying else []

    def condemn(self, container: Container) -> None:
        """Frees its slot."""
        if container.id in self.running:
            self.running[container.id] = replace(container, condemned=True)
        if found := self.lonely.get(container.id):
            gone = replace(found.container, condemned=True)
            self.lonely[container.id] = replace(found, container=gone)

    def retire(self, container: Container, grace_s: float) -> None:
        """Gone at once."""
        if self.running.pop(container.id, None) or self.lonely.pop(container.id, None):
            self.stopped.append(container.id)

    def fetch_image(self, artifact: Artifact, report: Callable[[str], None]) -> None:
        """From a registry that has everything, unless `refused` names the reference."""
        if artifact.reference in self.refused:
            raise EngineFailed(f"image {artifact.reference} cannot be pulled")
        if artifact.reference and not self.image_exists(artifact.image):
            report(f"Pulling {artifact.reference}")
            self.images.add(artifact.image)

    def image_exists(self, image: str) -> bool:
        """Every image, unless `images` names those there are."""
        return not self.images or image in self.images

    def remove_images(self, app: str) -> None:
        """Images are not kept per app here."""
