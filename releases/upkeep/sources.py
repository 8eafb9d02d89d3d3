"""Which stored sources nobody needs any more."""

import time
from pathlib import Path

from releases.domain.build import BuildStatus
from releases.platform import Platform

_NOT_ENDED = (BuildStatus.QUEUED, BuildStatus.RUNNING)
_WRITTEN_WITHIN_S = 3600  # longer than it takes to write a source and record its build


def forget_sources(platform: Platform) -> None:
    """Remove this host's sources whose builds have ended: a build host ends builds elsewhere.

    One without a record was left by a request that died, or is being written.
    """
    opened = platform.store.open_builds.all()
    needed = {build for build, status in opened.items() if status in _NOT_ENDED}
    for path in platform.settings.sources.glob("*/*.*"):
        number = int(path.stem) if path.stem.isdigit() else 0
        if (path.parent.name, number) not in needed and _age_s(path) > _WRITTEN_WITHIN_S:
            path.unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
