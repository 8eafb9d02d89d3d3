"""Which builds are kept, and what becomes of those that nobody runs any more."""

from collections.abc import Sequence

from releases.build import Build, BuildStatus
from releases.lost import settle
from releases.platform import Platform

KEPT = 20


def settle_lost_builds(platform: Platform, current: Build) -> None:
    """Settle the app's builds that say they run, but for the current one.

    Call it under the lock that every running build of the app holds: then they do not run.
    """
    store = platform.store
    for build in store.builds.list(current.app):
        if build.status is BuildStatus.RUNNING and build.number != current.number:
            settle(store, build.app, build.log)


def forget_old_builds(platform: Platform, current: Build) -> None:
    """Remove records, logs and sources of builds that are not among the newest 20.

    What runs now keeps its build. A source without a record, left by a request that died, goes
    as well; one that is being written has a higher number than the current build.
    """
    store = platform.store
    needed = _needed(platform, current.app)
    kept = set()
    for place, build in enumerate(store.builds.list(current.app)):
        if place < KEPT or not build.finished_at or build.number in needed:
            kept.add(build.number)
        else:
            store.builds.forget(build)
    for path in (platform.settings.sources / current.app).glob("*.*"):
        if int(path.stem) < current.number and int(path.stem) not in kept:
            path.unlink(missing_ok=True)


def forget_sources(platform: Platform, builds: Sequence[Build]) -> None:
    """Remove an app's sources whose builds are no longer on record, newest build first.

    The records may have been removed by a build host, which does not have the sources. Those of
    requests under way are newer than the oldest that counts.
    """
    if len(builds) < KEPT:
        return
    kept, oldest = {build.number for build in builds}, builds[KEPT - 1].number
    for path in (platform.settings.sources / builds[0].app).glob("*.*"):
        if int(path.stem) < oldest and int(path.stem) not in kept:
            path.unlink(missing_ok=True)


def _needed(platform: Platform, app: str) -> set[int]:
    found = platform.store.apps.get(app)
    running = [desired.release for desired in (found.live, found.target) if desired]
    return {platform.store.releases.get(app, number).artifact.build for number in running}
