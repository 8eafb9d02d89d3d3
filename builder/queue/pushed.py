"""Which images a build host keeps: it runs none, and what it made is in the registry."""

from typing import Any

from releases.domain.image import AppImage
from releases.engine.images import list_images, remove_image
from releases.platform import Platform
from releases.work.build_queue import start_next, turn


def forget_pushed(platform: Platform, api: Any) -> None:
    """Remove the images of apps from a build host, but for the newest of each app.

    Elsewhere, or without a registry, nothing: there `releases.upkeep` decides. `api` is
    docker-py's client.
    """
    settings = platform.settings
    if not settings.registry or not settings.front_door:
        return
    images = list_images(api, settings.instance, settings.registry)
    for app in sorted({image.app for image in images}):
        _forget(platform, api, app, [image for image in images if image.app == app])


def _forget(platform: Platform, api: Any, app: str, images: list[AppImage]) -> None:
    """In the app's turn of builds: no build of it makes or pushes an image meanwhile."""
    with platform.store.locks.try_hold(turn(app), "Remove images that were pushed") as mine:
        if mine is None:
            return
        newest = _newest(platform, app)
        for image in images:
            if image.id != newest and image.is_removable:
                remove_image(api, image.id, image.names)
    start_next(platform, app)  # a build that found its turn taken has left


def _newest(platform: Platform, app: str) -> str:
    """What the next build of the same commit would otherwise pull."""
    for build in platform.store.builds.list(app):
        if build.artifact:
            return build.artifact.image
    return ""
