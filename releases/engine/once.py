"""How a command is run once in a container of its own, and what it changed kept as an image."""

from collections.abc import Callable, Mapping
from typing import Any

import docker

from releases.domain.container import APP, INSTANCE, Slot
from releases.domain.release import Release
from releases.engine.api import remove
from releases.engine.create import HARDENED, environment
from releases.engine.execute import execute
from releases.engine.protocol import Once, Ran
from releases.engine.start import Place, is_taken
from releases.settings import Settings

ONCE = "paas.once"  # the release; containers without a slot that carry it are ours alone
PROCESS_TYPE = "release"
_LONGEST_LINE_BYTES = 64 * 1024

Write = Callable[[list[str]], None]


def run_once(place: Place, release: Release, once: Once) -> Ran:
    """Run it in a container of the release's image, which is gone when this returns.

    What a dead worker left of the app goes first: the name is one per release, so that no two
    ever run. The container itself only waits. Were the command its own, Docker would write the
    config that it is given into the image that is made of it.
    """
    api = place.api
    end_once(api, place.settings, release.app)
    image: Mapping[str, Any] = api.inspect_image(release.artifact.image)["Config"]
    identifier = _start(place, release)
    try:
        words = [*(image.get("Entrypoint") or ()), "/bin/sh", "-c", once.line]
        variables = environment(release, Slot(release.number, 0, PROCESS_TYPE, 1))
        output = Lines(once.write)
        status = execute(api, identifier, words, output.feed, once.timeout_s, variables)
        output.end()
        kept = once.keeps_changes and status == 0
        return Ran(status, _keep(api, release, identifier, image) if kept else "")
    finally:
        remove(api, identifier, PROCESS_TYPE)


def end_once(api: Any, settings: Settings, app: str) -> None:
    """Remove what runs once for an app, or did."""
    ours = [f"{INSTANCE}={settings.instance}", f"{APP}={app}", ONCE]
    for item in api.containers(all=True, filters={"label": ours}):
        if item["Labels"][ONCE]:  # an image that was made of one carries the label, empty
            remove(api, item["Id"], PROCESS_TYPE)


def _start(place: Place, release: Release) -> str:
    slot = Slot(release.number, 0, PROCESS_TYPE, 1)
    name = f"{place.settings.instance}.{release.app}.{release.name}.{PROCESS_TYPE}"
    for address in place.addresses():
        request = once_request(place.settings, release, address)
        identifier = place.create(request, name, release, slot)
        try:
            place.api.start(identifier)
        except docker.errors.APIError as error:
            remove(place.api, identifier, PROCESS_TYPE)
            if not is_taken(error):
                raise
        else:
            return identifier
    raise AssertionError("addresses do not end without an error")


def once_request(settings: Settings, release: Release, address: str) -> dict[str, object]:
    """The engine's `POST /containers/create` body: it waits for input that never comes."""
    return {
        "Image": release.artifact.image,
        "Entrypoint": [""],  # none, and none in an image that is made of it
        "Cmd": ["/bin/sh", "-c", "read _"],
        "OpenStdin": True,
        "Labels": {INSTANCE: settings.instance, APP: release.app, ONCE: release.name},
        "HostConfig": {
            "NetworkMode": settings.network,
            "Init": True,
            **HARDENED,
            "PidsLimit": settings.process_pids,
        },
        "NetworkingConfig": {
            "EndpointsConfig": {settings.network: {"IPAMConfig": {"IPv4Address": address}}}
        },
    }


def _keep(api: Any, release: Release, identifier: str, image: Mapping[str, Any]) -> str:
    """An image with what was changed, and all else as it was; return its id."""
    labels = {**(image.get("Labels") or {}), ONCE: ""}
    made = api.commit(
        identifier,
        repository=f"paas/{release.app}",
        tag=f"{release.artifact.commit}-{release.name}",
        conf={**image, "Labels": labels},
    )
    return str(made["Id"])


class Lines:
    """Makes lines of pieces of output, and hands on each as soon as it is whole."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._rests: dict[int, bytes] = {}  # by stream

    def feed(self, stream: int, piece: bytes) -> None:
        """More output."""
        *whole, rest = (self._rests.get(stream, b"") + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE_BYTES:
            whole, rest = [*whole, rest], b""
        self._rests[stream] = rest
        if whole:
            self._write([_text(line) for line in whole])

    def end(self) -> None:
        """No more comes: the last lines may lack their ends."""
        if rests := [_text(rest) for rest in self._rests.values() if rest]:
            self._write(rests)


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
