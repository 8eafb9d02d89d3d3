"""How a container is created and started at an address of its own, whatever it is for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import docker

from releases.domain.container import Container, Slot, container_name, pick_address
from releases.domain.limits import Terms
from releases.domain.release import Release
from releases.engine.api import reason, remove
from releases.engine.create import create_request
from releases.engine.protocol import EngineFailed
from releases.settings import Settings

_TRIES = 20


@dataclass(frozen=True)
class Place:
    """Where containers are started: Docker, the settings, and a counter for their addresses."""

    api: Any
    settings: Settings
    next_address: Callable[[], int]

    def addresses(self) -> Iterator[str]:
        """One to try after the other; EngineFailed where so many were taken."""
        for _ in range(_TRIES):
            yield pick_address(self.settings.subnet, self.next_address())
        raise EngineFailed(f"no free address in {self.settings.subnet}; set a larger subnet")

    def create(self, request: dict[str, object], name: str, release: Release, slot: Slot) -> str:
        """Return its id; EngineFailed."""
        try:
            return str(self.api.create_container_from_config(request, name)["Id"])
        except docker.errors.ImageNotFound as error:
            raise EngineFailed(
                f"the image of {release.name} is gone; "
                f"`ps:rebuild {release.app}` builds what is live"
            ) from error
        except docker.errors.APIError as error:
            raise EngineFailed(f"cannot create {slot.name}: {reason(error)}") from error

    def start(self, release: Release, slot: Slot, terms: Terms) -> Container:
        """A process of an app; EngineFailed."""
        name = container_name(self.settings.instance, release.app, slot)
        for address in self.addresses():
            request = create_request(self.settings, release, slot, address, terms)
            identifier = self.create(request, name, release, slot)
            try:
                self.api.start(identifier)
            except docker.errors.APIError as error:
                remove(self.api, identifier, slot.name)
                if is_taken(error):
                    continue
                raise EngineFailed(f"cannot start {slot.name}: {reason(error)}") from error
            return Container(identifier, release.app, slot, address, release.port, "running")
        raise AssertionError("addresses do not end without an error")


def is_taken(error: docker.errors.APIError) -> bool:
    """Whether a container could not start because another one has its address."""
    return "address already in use" in str(error).lower()
