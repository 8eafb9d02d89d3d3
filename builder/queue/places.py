"""What those are told whose build waits: how many builds are before theirs."""

from collections.abc import Set

from releases.domain.build import Build, BuildStatus
from releases.log import DeployLog
from releases.platform import Platform
from releases.store.open_builds import BuildId
from releases.work.queue import BUILDS


def tell_places(platform: Platform, stuck: Set[BuildId] = frozenset()) -> None:
    """Tell the log of each build that must wait its place, where that is news.

    Whoever queues, begins or ends a build calls this. `stuck` are builds that waited for seconds:
    they are told even if there seem to be workers with nothing to do, for those may be dead.
    """
    waiting = platform.queue.waiting_builds(BUILDS)
    if not waiting:
        return
    opened, workers = platform.store.open_builds.all(), platform.queue.workers(BUILDS)
    running = sum(status is BuildStatus.RUNNING for status in opened.values())
    places = {
        build: place
        for place, build in enumerate(waiting, running)
        if place >= workers or build in stuck
    }
    told = platform.store.open_builds.to_tell(places)
    for build in platform.store.builds.get_those(told):
        _say(platform, build, _place(places[build.app, build.number], workers))


def _place(place: int, workers: int) -> str:
    if not workers:
        return "and no build worker runs at the moment"
    return f"{place} build{'' if place == 1 else 's'} before it"


def tell_whom_it_follows(platform: Platform, build: Build, before: int) -> None:
    """Tell a build that waits for another one of its app, and has no place while that runs."""
    _say(platform, build, f"it begins when build {before} has ended")


def _say(platform: Platform, build: Build, text: str) -> None:
    DeployLog(platform.store.logs, build.log).step(f"Build {build.number} is queued, {text}")
