"""Which builds are kept, and which sources."""

from releases.platform import Platform
from releases.upkeep.sources import forget_sources


def forget_old_builds(platform: Platform, app: str) -> None:
    """Remove records and logs of an app's builds that are not among the newest `builds_kept`.

    What runs now keeps its build, and so does a build that has not ended. NoSuchApp.
    """
    store = platform.store
    needed = _needed(platform, app)
    for place, build in enumerate(store.builds.list(app)):
        is_old = place >= platform.settings.builds_kept
        if is_old and build.has_ended and build.number not in needed:
            store.builds.forget(build)
    forget_sources(platform)


def _needed(platform: Platform, app: str) -> set[int]:
    found = platform.store.apps.get(app)
    running = [desired.release for desired in (found.live, found.target) if desired]
    return {platform.store.releases.artifact(app, number).build for number in running}
