"""How images that nobody needs are removed while rollouts and builds go on beside it."""

import logging
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor

from releases.domain.app import NoSuchApp
from releases.domain.image import AppImage
from releases.engine.protocol import Engine
from releases.errors import PaasError
from releases.platform import Platform
from releases.store.open_builds import BuildId
from releases.upkeep.images import images_to_remove, needed_images
from releases.work.build_queue import start_next, turn
from releases.work.parking import try_hold

_AT_ONCE = 3  # of one app: its lock is held meanwhile, and a deploy may wait for it
_PURPOSE = "Remove old images"

_log = logging.getLogger(__name__)


class Reclaim:
    """Looks beside the converger's loop: to remove a large image takes seconds."""

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self._platform = platform
        self._engine = engine
        self._pool = ThreadPoolExecutor(1)
        self._looking: Future[None] | None = None

    def look(self) -> None:
        """Begin to remove what may go; return at once, also while an earlier look is under way."""
        if self._looking is None or self._looking.done():
            self._looking = self._pool.submit(self._look)

    def _look(self) -> None:
        try:
            reclaim(self._platform, self._engine)
        except PaasError as error:
            _log.warning("old images are looked for again with the next resync: %s", error)
        except Exception:  # noqa: BLE001 - nobody asks for the result; the next look is to come
            _log.exception("removing old images")


def reclaim(platform: Platform, engine: Engine) -> None:
    """Remove what may go of every app, and of apps that are no more; a few images of each.

    One listing of all images, and another one for each app that has something to remove.
    """
    images = [image for image in engine.app_images() if image.is_removable]
    if not images or not platform.store.apps.names():
        return  # a store that has no app at all was lost rather than emptied: its images may serve
    opened = platform.store.open_builds.all()
    for app in sorted({image.app for image in images}):
        own = [image for image in images if image.app == app]
        if images_to_remove(own, _needed(platform, app, opened)):
            try:
                _reclaim_of(platform, engine, app)
            except PaasError as error:  # one app's trouble must not keep the others' images
                _log.warning("the old images of %s stay for now: %s", app, error)


def _reclaim_of(platform: Platform, engine: Engine, app: str) -> None:
    """Under the app's lock no rollout counts on an image, and in its turn no build names one.

    Whoever holds one of them now is not waited for. What was seen before counts no more.
    """
    locks = platform.store.locks
    with try_hold(platform, app, _PURPOSE) as lock:
        if lock is None:
            return
        with locks.try_hold(turn(app), _PURPOSE) as mine:
            if mine is None:
                return
            needed = _needed(platform, app, platform.store.open_builds.all())
            for image in images_to_remove(engine.app_images(app), needed)[:_AT_ONCE]:
                _remove(platform, engine, image)
    start_next(platform, app)  # a build that found its turn taken has left


def _needed(platform: Platform, name: str, opened: Collection[BuildId]) -> set[str]:
    """Nothing, if there is no such app."""
    store = platform.store
    try:
        app = store.apps.get(name)
    except NoSuchApp:
        return set()
    under_way = store.builds.get_those([build for build in opened if build[0] == name])
    builds = [] if app.live else store.builds.list(name)
    kept = app.releases_kept or platform.settings.releases_kept
    return needed_images(app, store.releases.outlines(name), under_way, builds, kept)


def _remove(platform: Platform, engine: Engine, image: AppImage) -> None:
    title = _title(platform, image)
    if engine.remove_image(image):
        _log.info("removed %s, %d MB", title, image.size_bytes // 1_000_000)
    else:
        _log.debug("%s stays: somebody else uses it", title)


def _title(platform: Platform, image: AppImage) -> str:
    """`the image of v3 of myapp`, of the newest release that ran it."""
    for release in platform.store.releases.outlines(image.app):
        if release.image == image.id:
            return f"the image of v{release.number} of {image.app}"
    return f"an image of {image.app} that no release has"
