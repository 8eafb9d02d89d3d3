"""How Docker is asked for the images of our apps, and how one is removed without harm to others."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import docker

from releases.domain.container import APP, INSTANCE
from releases.domain.image import AppImage, split_names
from releases.engine.api import one_line

_CONFLICT = 409  # a container uses it, or other images are built upon it


def list_images(api: Any, instance: str, registry: str, app: str = "") -> list[AppImage]:
    """Images with the labels of this instance, of one app or of all; two calls to Docker."""
    labels = [f"{INSTANCE}={instance}", f"{APP}={app}" if app else APP]
    found = api.images(filters={"label": labels})
    used = used_images(api) if found else set()
    return [_image(item, registry, used) for item in found]


def has_image(api: Any, identifier: str) -> bool:
    """Whether it is there, whoever's it is; EngineFailed."""
    with one_line(f"look up image {identifier}"):
        try:
            api.inspect_image(identifier)
        except docker.errors.ImageNotFound:
            return False
    return True


def used_images(api: Any) -> set[str]:
    """Ids of the images of all containers there are, whoever's and in whatever state."""
    return {str(container["ImageID"]) for container in api.containers(all=True)}


def remove_image(api: Any, identifier: str, own_names: Iterable[str]) -> bool:
    """Take our names from an image, and remove it where that leaves it without any.

    Never by force: what a container uses stays, and so does what somebody else gave a name.
    Return whether it is gone.
    """
    with suppress(docker.errors.ImageNotFound):
        try:
            for name in own_names:
                _untag(api, name, identifier)
            if not names_of(api.inspect_image(identifier)):
                # An id would take a last name with it, so only where there is none. The images
                # it was made of carry no label of ours: Docker is not to prune them along.
                api.remove_image(identifier, noprune=True)
                return True
        except docker.errors.APIError as error:
            if error.status_code != _CONFLICT:
                raise
        return False
    return True


def _untag(api: Any, name: str, expected: str) -> None:
    """A build may have given the name to another image since it was listed."""
    with suppress(docker.errors.ImageNotFound):
        if api.inspect_image(name)["Id"] == expected:
            api.remove_image(name, noprune=True)


def _image(item: Mapping[str, Any], registry: str, used: set[str]) -> AppImage:
    app = str(item["Labels"][APP])
    names, foreign = split_names(app, registry, names_of(item))
    size, identifier = int(item["Size"]), str(item["Id"])
    return AppImage(identifier, app, names, foreign, size, identifier in used)


def names_of(item: Mapping[str, Any]) -> list[str]:
    """Tags and digests of an image that was listed or looked up."""
    return [*(item.get("RepoTags") or ()), *(item.get("RepoDigests") or ())]
