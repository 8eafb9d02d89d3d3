"""How builds take turns and how each of them ends: one of an app at a time, none forgotten."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from releases.domain.build import Build, BuildStatus
from releases.log import DeployLog
from releases.platform import Platform
from releases.store import Store
from releases.store.builds import NoSuchBuild
from releases.store.locks import Lease
from releases.work.queue import BUILD, BUILDS

# Whoever builds an app holds a lock and renews it every 1.7 s. Who has lost it while Redis was away
# takes it again before the second look of `Unfinished`, two seconds after the first.
LEASE = Lease(ttl_s=5.0, comes_back=True)


def turn(app: str) -> str:
    """The name of the lock that the one build of the app that runs holds."""
    return f"{app}:builds"


def queue_build(platform: Platform, build: Build) -> None:
    """Queue the job of a queued build; one that was begun before goes before all that wait.

    A job too many does no harm: who comes second finds the app's turn or the build taken.
    """
    platform.queue.request(
        BUILDS,
        BUILD,
        build.app,
        build.number,
        log=build.log,
        timeout_s=platform.settings.build_timeout_s,
        first=build.attempt > 0,
    )


def start_next(platform: Platform, app: str) -> None:
    """Queue the job of the app's build that waits, if there is one.

    Whoever ends a build calls this after he let the app's turn go, and whoever asks for one after
    its record is made: one of the two sees the other.
    """
    opened = platform.store.open_builds.all()
    queued = [build for build in opened if build[0] == app and opened[build] is BuildStatus.QUEUED]
    if queued and min(queued) not in platform.queue.waiting_builds(BUILDS):
        with suppress(NoSuchBuild):  # the app was destroyed meanwhile
            queue_build(platform, platform.store.builds.get(*min(queued)))


def end(store: Store, build: Build, **became: Any) -> Build | None:
    """Write how a running build ended; its log is left open.

    A build that was cancelled ends so whatever else became of it. None if it had ended already,
    or was started again because this process was held for dead.
    """
    for _ in range(2):  # somebody may cancel it between the two commands, once
        found = store.builds.get(build.app, build.number)
        if (found.status, found.attempt) != (BuildStatus.RUNNING, build.attempt):
            return None
        how = {"status": BuildStatus.CANCELLED} if found.cancelled_by else became
        ended = replace(found, **{**how, "finished_at": time.time()})
        if store.builds.change(found, ended):
            return ended
    return None


def end_log(store: Store, build: Build) -> None:
    """Give the log of a build that ended badly its verdict, and whoever waits for it that line."""
    if not store.logs.has_ended(build.log):
        DeployLog(store.logs, build.log).fail(_verdict(store, build))
    store.open_builds.close(build.app, build.number)


def _verdict(store: Store, build: Build) -> str:
    if build.status is BuildStatus.CANCELLED:
        return f"Build {build.number} was cancelled by {build.cancelled_by}"
    if build.status is BuildStatus.SUPERSEDED:
        return f"Build {build.number} was superseded by {_superseder(store, build)}"
    return f"App build failed: {build.reason}"


def _superseder(store: Store, build: Build) -> str:
    """`build 8 (bob's push of 3f9ac21)`."""
    name = f"build {build.superseded_by}"
    try:
        newer = store.builds.get(build.app, build.superseded_by)
    except NoSuchBuild:
        return name
    what = "rebuild" if newer.options.rebuild else "push"
    return f"{name} ({newer.who}'s {what} of {newer.commit[:7]})"
