"""Which images of apps somebody may still need, and so which may go."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from releases.domain.app import App
from releases.domain.build import Build
from releases.domain.image import AppImage
from releases.domain.release import Outline, ReleaseStatus

_COUNTED = (ReleaseStatus.LIVE, ReleaseStatus.SUPERSEDED, ReleaseStatus.PENDING)


def needed_images(
    app: App,
    releases: Iterable[Outline],
    opened: Iterable[Build],
    builds: Iterable[Build],
    kept: int,
) -> set[str]:
    """Ids of the images that the app's releases and builds need, whatever containers there are.

    `releases` are the app's, newest first, and are read only as far as it takes; `opened` are
    its builds whose deploy has not ended, `builds` all of them, newest first. The last `kept`
    releases that were live, or may become so, count.
    """
    needed = _of_releases(app, releases, kept)
    needed |= set(_made_by(opened))
    if app.live is None:  # its deploy failed: what was built need not be built again
        needed |= set(islice(_made_by(builds), 1))
    return needed


def _made_by(builds: Iterable[Build]) -> Iterator[str]:
    return (build.artifact.image for build in builds if build.artifact)


def _of_releases(app: App, releases: Iterable[Outline], kept: int) -> set[str]:
    wanted = {desired.release for desired in (app.live, app.target, app.previous) if desired}
    has_previous, counted, needed = app.live is None, 0, set[str]()
    for release in releases:
        is_previous = not has_previous and _is_before(app, release)
        has_previous = has_previous or is_previous
        counts = release.status in _COUNTED and counted < kept
        counted += counts
        if release.number in wanted or is_previous or counts:
            needed |= {release.image, release.built or release.image}
            wanted.discard(release.number)
        if not wanted and has_previous and counted >= kept:
            break
    return needed


def _is_before(app: App, release: Outline) -> bool:
    """Whether a rollback without a number goes there, if it is the first one found."""
    return (
        app.live is not None
        and release.number < app.live.release
        and release.status is ReleaseStatus.SUPERSEDED
    )


def images_to_remove(images: Sequence[AppImage], needed: Collection[str]) -> list[AppImage]:
    """Those that nobody needs and no container uses, the largest first.

    An image that only others have given a name to is theirs now.
    """
    found = [one for one in images if one.id not in needed and one.is_removable]
    return sorted(found, key=lambda one: one.size_bytes, reverse=True)
