"""Which builds are kept, and which sources."""

import time
from pathlib import Path

from releases.build import Build
from releases.platform import Platform

_WRITTEN_WITHIN_S = 3600  # longer than it takes to write a source and record its build


def forget_old_builds(platform: Platform, current: Build) -> None:
    """Remove records and logs of builds that are not among the newest (the setting builds_kept).

    What runs now keeps its build, and so does a build that has not ended. A source is kept until
    its build has ended; one without a record was left by a request that died, or is being written.
    """
    store = platform.store
    needed = _needed(platform, current.app)
    open_numbers = set()
    for place, build in enumerate(store.builds.list(current.app)):
        if not build.has_ended:
            open_numbers.add(build.number)
        elif place >= platform.settings.builds_kept and build.number not in needed:
            store.builds.forget(build)
    for path in (platform.settings.sources / current.app).glob("*.*"):
        is_open = path.stem.isdigit() and int(path.stem) in open_numbers
        if not is_open and time.time() - _written_at(path) > _WRITTEN_WITHIN_S:
            path.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _needed(platform: Platform, app: str) -> set[int]:
    found = platform.store.apps.get(app)
    running = [desired.release for desired in (found.live, found.target) if desired]
    return {platform.store.releases.get(app, number).artifact.build for number in running}
