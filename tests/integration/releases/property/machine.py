"""The machine under the platform: images that are ill, and what befalls containers from outside."""

from dataclasses import replace

from releases.domain.container import Container, Slot
from releases.domain.limits import Terms
from releases.domain.release import Release
from releases.engine.protocol import STANDARD, Condition, EngineFailed
from tests.fakes.engine import FakeEngine

# What is wrong with an image -> the process type that it shows in.
ILLNESSES = {
    "web dies": "web",
    "worker dies": "worker",
    "worker dies later": "worker",
    "docker refuses web": "web",
    "docker refuses worker": "worker",
    "web never answers": "web",
}


class Machine(FakeEngine):
    """The fake engine, and illnesses that stay with an image whoever starts it."""

    def __init__(self) -> None:
        super().__init__()
        self.ill: dict[str, str] = {}  # image -> one of ILLNESSES
        self._images: dict[str, str] = {}  # container's id -> image
        self._looks: dict[str, int] = {}

    def start(
        self, release: Release, slots: list[Slot], terms: Terms = STANDARD
    ) -> list[Container]:
        """All of them, or none."""
        image = release.artifact.image
        for slot in slots:
            if self.ill.get(image) == f"docker refuses {slot.process_type}":
                raise EngineFailed(f"cannot start {slot.name}")
        made = super().start(release, slots, terms)
        self._images.update({one.id: image for one in made})
        return made

    def condition(self, container: Container) -> Condition:
        """Dead where the image is ill; `later` is at the second look."""
        found = super().condition(container)
        process_type = container.slot.process_type
        self._looks[container.id] = looks = self._looks.get(container.id, 0) + 1
        illness = self._illness(container)
        if illness == f"{process_type} dies" or (
            illness == f"{process_type} dies later" and looks > 1
        ):
            return replace(found, running=False, exit_code=3)
        return found

    def answers(self, address: str, port: int) -> bool:
        """Whether the container at an address would take a connection."""
        found = [one for one in self.running.values() if (one.address, one.port) == (address, port)]
        return any(
            one.state == "running" and self._illness(one) != "web never answers" for one in found
        )

    def _illness(self, container: Container) -> str:
        return self.ill.get(self._images.get(container.id, ""), "")

    def all(self) -> list[Container]:
        """Of all apps, the oldest first."""
        return list(self.running.values())

    def kill(self, container: Container) -> None:
        """It ends by itself."""
        self.running[container.id] = replace(container, state="exited")

    def remove(self, container: Container) -> None:
        """Somebody typed `docker rm -f`."""
        del self.running[container.id]
