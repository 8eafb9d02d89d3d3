"""An engine in memory. `tests/docker/releases/test_engine_contract.py` holds it to the real one."""

import itertools
import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from releases.domain.container import Container, Slot
from releases.domain.image import AppImage, split_names
from releases.domain.limits import Terms
from releases.domain.one_off import OneOff, Run
from releases.domain.release import Artifact, Release
from releases.engine.protocol import (
    STANDARD,
    Condition,
    Ended,
    EngineFailed,
    Once,
    Ran,
    TookTooLong,
)


class FakeLosses:
    """What a fake engine loses while this is open."""

    def __init__(self) -> None:
        self._lost: queue.Queue[str | None] = queue.Queue()

    def __iter__(self) -> Iterator[str]:
        return iter(self._next, "")

    def _next(self) -> str:
        return self._lost.get() or ""

    def tell(self, app: str) -> None:
        """Of one more."""
        self._lost.put(app)

    def close(self) -> None:
        """No more."""
        self._lost.put(None)


class FakeEngine:
    """Containers run until told otherwise; those of slots named in `dying` end at once."""

    def __init__(self) -> None:
        self.running: dict[str, Container] = {}
        self.lonely: dict[str, OneOff] = {}
        self.ended_at: dict[str, float] = {}  # by id
        self.dying: set[str] = set()
        self.refused: set[str] = set()
        self.hanging: set[str] = set()  # ids
        self.images: set[str] = set()
        self.once: dict[str, str] = {}  # app -> the release that a command runs for right now
        self.ran: list[str] = []  # commands that were run once
        self.interrupted: dict[str, BaseException] = {}  # by line: whoever runs it is killed
        self.made: dict[str, AppImage] = {}  # by id: those that were made for apps
        self.used: dict[str, str] = {}  # container's id -> image's
        self.terms: dict[str, Terms] = {}  # by id
        self.stopped: list[str] = []  # ids in the order in which they were retired
        self.exit_codes: dict[str, int] = {}  # by id
        self.out_of_memory: set[str] = set()  # ids
        self.followers: list[FakeLosses] = []
        self.listings = 0  # how often all containers were listed
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

    def all_containers(self) -> list[Container]:
        """In no order."""
        self.listings += 1
        return list(self.running.values())

    def losses(self) -> FakeLosses:
        """From now on."""
        self.followers.append(FakeLosses())
        return self.followers[-1]

    def die(self, name: str, exit_code: int = 3, *, out_of_memory: bool = False) -> None:
        """A process ends and nobody starts it again: Docker has given up."""
        for one in [one for one in self.running.values() if one.slot.name == name]:
            self.running[one.id] = replace(one, state="exited", status="Exited")
            self.exit_codes[one.id] = exit_code
            self.out_of_memory |= {one.id} if out_of_memory else set()
            self._tell(one)

    def _tell(self, container: Container) -> None:
        for follower in self.followers:
            if not container.condemned:
                follower.tell(container.app)

    def start(
        self, release: Release, slots: list[Slot], terms: Terms = STANDARD
    ) -> list[Container]:
        """All of them, or none."""
        refused = [slot.name for slot in slots if slot.name in self.refused]
        taken = {(one.app, one.slot) for one in self.running.values() if not one.condemned}
        refused += [slot.name for slot in slots if (release.app, slot) in taken]
        if refused:
            raise EngineFailed(f"cannot start {refused[0]}")
        made = [self._container(release, slot) for slot in slots]
        self.running.update({one.id: one for one in made})
        self.used.update({one.id: release.artifact.image for one in made})
        self.terms.update({one.id: terms for one in made})
        return made

    def _container(self, release: Release, slot: Slot) -> Container:
        number = next(self._ids)
        address = f"10.214.1.{number}"
        return Container(str(number), release.app, slot, address, release.port, "running")

    def start_again(self, containers: list[Container]) -> None:
        """Running from now on."""
        self._become("running", containers)

    def freeze(self, containers: list[Container]) -> None:
        """Those that are there."""
        self._become("paused", containers)

    def thaw(self, containers: list[Container]) -> None:
        """Running again."""
        self._become("running", containers)

    def frozen(self) -> list[Container]:
        """Of all apps."""
        return [one for one in self.running.values() if one.state == "paused"]

    def memory_bytes(self, container: Container) -> int:
        """Ten megabytes each."""
        return 10 * 1024 * 1024 if container.id in self.running else 0

    def _become(self, state: str, containers: list[Container]) -> None:
        for one in containers:
            if one.id in self.running:
                self.running[one.id] = replace(self.running[one.id], state=state)

    def stop_all(self) -> None:
        """As after a reboot."""
        for one in self.running.values():
            self.running[one.id] = replace(one, state="exited")
            self._tell(one)

    def condition(self, container: Container) -> Condition:
        """Dead if its slot is in `dying`, or if it is gone."""
        lonely = self.lonely.get(container.id)
        found = lonely.container if lonely else self.running.get(container.id)
        if found is None:
            return Condition(running=False, exit_code=-1, restarts=0, process=0)
        alive = container.slot.name not in self.dying and found.state in ("running", "paused")
        code = 0 if alive else self.exit_codes.get(container.id, 3)
        killed = container.id in self.out_of_memory and not alive
        ended_at = self.ended_at.get(container.id, 0.0)
        hangs = container.id in self.hanging
        return Condition(alive, code, 0, 0, killed, ended_at, hangs)

    def tail(self, container: Container, lines: int) -> list[str]:
        """What a dying one said."""
        return ["Traceback", "boom"][-lines:] if container.slot.name in self.dying else []

    def execute(self, container: Container, words: Sequence[str], timeout_s: float) -> Ended:
        """`false` fails, `sleep` takes too long, all else writes itself and is well."""
        if container.id not in self.running:
            raise EngineFailed(f"cannot run {words[0]} in {container.slot.name}")
        if words[0] == "sleep":
            raise TookTooLong(timeout_s)
        return Ended(1) if words[0] == "false" else Ended(0, (" ".join(words[1:]),))

    def run_once(self, release: Release, once: Once) -> Ran:
        """`exit N` ends so, `sleep ...` takes too long; else the line itself is its output."""
        self.once[release.app] = release.name
        self.ran.append(f"{release.name} on {release.artifact.image}: {once.line}")
        if once.line in self.interrupted:
            raise self.interrupted.pop(once.line)
        try:
            return self._ran(release, once)
        finally:
            del self.once[release.app]

    def _ran(self, release: Release, once: Once) -> Ran:
        word, _, status = once.line.partition(" ")
        if word == "sleep":
            raise TookTooLong(once.timeout_s)
        if word == "exit":
            return Ran(int(status))
        once.write([once.line])
        if once.keeps_changes:
            self.images |= {f"{release.artifact.image}-{release.name}"} if self.images else set()
            return Ran(0, f"{release.artifact.image}-{release.name}")
        return Ran(0)

    def end_once(self, app: str) -> None:
        """Gone at once."""
        self.once.pop(app, None)

    def condemn(self, container: Container) -> None:
        """Frees its slot."""
        if container.id in self.running:
            self.running[container.id] = replace(container, condemned=True)
        if found := self.lonely.get(container.id):
            gone = replace(found.container, condemned=True)
            self.lonely[container.id] = replace(found, container=gone)

    def retire(self, container: Container, grace_s: float) -> None:
        """Gone at once."""
        if self.lonely.pop(container.id, None):
            self.stopped.append(container.id)
        if gone := self.running.pop(container.id, None):
            self.stopped.append(container.id)
            self._tell(gone)

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

    def make(self, app: str, *names: str) -> str:
        """An image of an app with these names, of which some may be somebody else's."""
        identifier = f"sha256:{next(self._ids):064}"
        ours, foreign = split_names(app, "", names)
        self.made[identifier] = AppImage(identifier, app, ours, foreign, size_bytes=1_000_000)
        self.images.add(identifier)
        return identifier

    def app_images(self, app: str = "") -> list[AppImage]:
        """Those in `made`."""
        used = {self.used[one] for one in self.running}
        found = [image for image in self.made.values() if app in ("", image.app)]
        return [replace(image, in_use=image.id in used) for image in found]

    def remove_image(self, image: AppImage) -> bool:
        """Unless a container uses it, or somebody else named it."""
        found = next((one for one in self.app_images() if one.id == image.id), None)
        if found is None:
            return True
        if found.in_use:
            return False
        left = tuple(name for name in found.names if name not in image.names)
        self.made[found.id] = replace(found, names=left)
        if left or found.foreign:
            return False
        del self.made[found.id]
        self.images.discard(found.id)
        return True

    def remove_images(self, app: str) -> None:
        """One by one."""
        for image in self.app_images(app):
            self.remove_image(image)
