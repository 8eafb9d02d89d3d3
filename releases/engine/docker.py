"""The engine that keeps what `protocol.Engine` promises by calls to the Docker of this host."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import docker
import requests

from releases.domain import container as c
from releases.domain.container import FROZEN, Container, Slot
from releases.domain.image import AppImage
from releases.domain.limits import Terms
from releases.domain.one_off import OneOff
from releases.domain.release import Artifact, Release
from releases.engine import one_off
from releases.engine.api import Api, one_line, remove
from releases.engine.execute import try_out
from releases.engine.images import has_image, list_images, remove_image
from releases.engine.inspection import condition_of, taken_bytes
from releases.engine.losses import DockerLosses
from releases.engine.network import ensure_network
from releases.engine.once import end_once, run_once
from releases.engine.protocol import STANDARD, Condition, Ended, EngineFailed, LogStream, Once, Ran
from releases.engine.pull import fetch
from releases.engine.start import Place
from releases.settings import Settings
from releases.store import Store

_PARALLEL = 8
_TIMEOUT_S = 60


class DockerEngine:
    """One Docker Engine, on this host, API 1.41 or newer. Every method may raise EngineFailed."""

    def __init__(self, settings: Settings, store: Store, timeout_s: int = _TIMEOUT_S) -> None:
        self._settings = settings
        self._store = store
        # "auto" asks which version it speaks: the newest engines refuse 1.41.
        self._api: Any = Api(base_url=settings.docker_host, version="auto", timeout=timeout_s)

    def greet(self) -> None:
        """Ask again which version is spoken: Docker may have been renewed meanwhile."""
        self._api.negotiate()

    @property
    def place(self) -> Place:
        """Where it starts containers, for what of ours is on the same engine."""
        return Place(self._api, self._settings, self._store.next_address)

    def containers(self, app: str) -> list[Container]:
        """One call to Docker."""
        found = self._listed(label=self._labels(app))
        return sorted(found, key=lambda one: (one.slot.name, one.slot.release))

    def one_offs(self, app: str | None = None) -> list[OneOff]:
        """One call to Docker."""
        ours = [f"{c.INSTANCE}={self._settings.instance}", one_off.NUMBER]
        chosen = [f"{c.APP}={app}"] if app else []
        with one_line("list the one-offs"):
            items = self._api.containers(all=True, filters={"label": [*ours, *chosen]})
        found = [one_off.from_listing(item) for item in items]
        return sorted(found, key=lambda one: (one.container.app, one.container.slot.index))

    def all_containers(self) -> list[Container]:
        """One call to Docker."""
        return self._listed()

    def losses(self) -> DockerLosses:
        """One connection, for as long as it is followed."""
        return DockerLosses(self._api, self._settings.instance)

    def start(
        self, release: Release, slots: list[Slot], terms: Terms = STANDARD
    ) -> list[Container]:
        """Create and start; on any failure what was started here is removed again."""
        ensure_network(self._api, self._settings, self._store.locks)
        with ThreadPoolExecutor(_PARALLEL) as pool:
            attempts = [pool.submit(self.place.start, release, slot, terms) for slot in slots]
        failures = [attempt.exception() for attempt in attempts if attempt.exception()]
        if not failures:
            return [attempt.result() for attempt in attempts]
        for attempt in attempts:
            if attempt.exception() is None:
                with suppress(EngineFailed):  # then the converger finds it
                    self.retire(attempt.result(), 0)
        raise failures[0] or AssertionError("unreachable")

    def start_again(self, containers: list[Container]) -> None:
        """One call each."""
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(partial(self._change, "start", self._api.start), containers))

    def freeze(self, containers: list[Container]) -> None:
        """By the kernel's freezer, one call each."""
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(partial(self._change, "freeze", self._api.pause), containers))

    def thaw(self, containers: list[Container]) -> None:
        """One call each."""
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(partial(self._change, "thaw", self._api.unpause), containers))

    def memory_bytes(self, container: Container) -> int:
        """Without the page cache, as `docker stats` counts."""
        with one_line(f"measure {container.slot.name}"):
            try:
                return taken_bytes(self._api.stats(container.id, stream=False, one_shot=True))
            except (docker.errors.NotFound, ValueError):  # while it is removed: an empty answer
                return 0

    def frozen(self) -> list[Container]:
        """One call to Docker."""
        return self._listed(status=FROZEN)

    def condition(self, container: Container) -> Condition:
        """A container that is gone counts as dead."""
        with one_line(f"look at {container.slot.name}"):
            try:
                return condition_of(self._api.inspect_container(container.id))
            except docker.errors.NotFound:
                return Condition(running=False, exit_code=-1, restarts=0, process=0)

    def tail(self, container: Container, lines: int) -> list[str]:
        """Bytes that are not UTF-8 are replaced."""
        with one_line(f"read the output of {container.slot.name}"):
            try:
                output: bytes = self._api.logs(container.id, tail=lines, stdout=True, stderr=True)
            except docker.errors.APIError as error:
                if error.status_code in (404, 409):  # 409: it is being removed
                    return []
                raise
        return output.decode(errors="replace").splitlines()

    def execute(self, container: Container, words: Sequence[str], timeout_s: float) -> Ended:
        """The last few lines of its output count."""
        with one_line(f"run {words[0]} in {container.slot.name}"):
            return try_out(self._api, container.id, words, timeout_s)

    def run_once(self, release: Release, once: Once) -> Ran:
        """A container that waits, and the command executed in it."""
        ensure_network(self._api, self._settings, self._store.locks)
        with one_line(f"run {once.line[:60]!r} for {release.name}"):
            return run_once(self.place, release, once)

    def end_once(self, app: str) -> None:
        """By label."""
        with one_line(f"end what runs once for {app}"):
            end_once(self._api, self._settings, app)

    def follow(self, container: Container, *, tail: int, follow: bool) -> LogStream:
        """Output in which Docker's RFC 3339 time stamp leads each line."""
        with one_line(f"read the output of {container.slot.name}"):
            stream: LogStream = self._api.logs(
                container.id, tail=tail, stream=True, follow=follow, timestamps=True
            )
        return stream

    def starts(self, app: str) -> LogStream:
        """One chunk for each start of a container of the app, as it happens."""
        filters = {"type": "container", "event": "start", "label": self._labels(app)}
        with one_line(f"follow the starts of {app}"):
            stream: LogStream = self._api.events(filters=filters)
        return stream

    def condemn(self, container: Container) -> None:
        """By its name: labels cannot change, and Docker renames in one step."""
        if container.condemned:
            return
        name = c.container_name(self._settings.instance, container.app, container.slot)
        with one_line(f"condemn {container.slot.name}"), suppress(docker.errors.NotFound):
            self._api.rename(container.id, name=c.condemned_name(name, container.id))

    def retire(self, container: Container, grace_s: float) -> None:
        """Two calls: stop (which waits for the end) and remove. What is frozen hears no signal."""
        if container.state == FROZEN:
            self.thaw([container])
        with one_line(f"stop {container.slot.name}"), suppress(docker.errors.NotFound):
            self._api.stop(container.id, timeout=int(grace_s))
        remove(self._api, container.id, container.slot.name)

    def fetch_image(self, artifact: Artifact, report: Callable[[str], None]) -> None:
        """By the digest that the build host pushed."""
        if artifact.reference and not self.image_exists(artifact.image):
            fetch(self._api, artifact, report)

    def image_exists(self, image: str) -> bool:
        """Asks by id."""
        return has_image(self._api, image)

    def app_images(self, app: str = "") -> list[AppImage]:
        """By our labels, so that an image somebody else tagged alike is none of them."""
        settings = self._settings
        with one_line(f"list the images of {app or 'all apps'}"):
            return list_images(self._api, settings.instance, settings.registry, app)

    def remove_image(self, image: AppImage) -> bool:
        """One or two calls for each of its names."""
        with one_line(f"remove an image of {image.app}"):
            return remove_image(self._api, image.id, image.names)

    def remove_images(self, app: str) -> None:
        """Those that somebody gave a name of his own stay."""
        for image in self.app_images(app):
            self.remove_image(image)

    def _listed(self, **filters: Any) -> list[Container]:
        wanted = {"label": f"{c.INSTANCE}={self._settings.instance}", **filters}
        with one_line("list the containers"):
            items = self._api.containers(all=True, filters=wanted)
        return [c.from_listing(item) for item in items if c.INDEX in item["Labels"]]

    def _labels(self, app: str) -> list[str]:
        return [f"{c.INSTANCE}={self._settings.instance}", f"{c.APP}={app}"]

    def _change(self, verb: str, call: Callable[[str], None], container: Container) -> None:
        with one_line(f"{verb} {container.slot.name}"), suppress(docker.errors.NotFound):
            call(container.id)


def connect(settings: Settings, store: Store) -> DockerEngine:
    """The engine that the settings name; EngineFailed if it cannot be reached."""
    try:
        return DockerEngine(settings, store)
    except (EngineFailed, docker.errors.DockerException, requests.RequestException) as error:
        raise EngineFailed(
            f"Docker does not answer at {settings.docker_host}; is dockerd running?"
        ) from error
