"""What becomes of builds that nobody works on: who did has died, or whoever should have begun."""

from contextlib import suppress
from dataclasses import replace

from releases.domain.build import Build, BuildStatus
from releases.log import DeployLog
from releases.platform import Platform
from releases.store.builds import NoSuchBuild
from releases.store.open_builds import BuildId
from releases.work.build_queue import end, end_log, queue_build, start_next, turn
from releases.work.queue import BUILDS, DEPLOY, RELEASES

ATTEMPTS = 2
_SILENCE = "nothing more was heard of it"


class Unfinished:
    """Finds such builds. Look every few seconds: what is seen twice in a row is taken up.

    Twice, because for a moment all is in order that looks so: a job was taken and has not begun,
    or Redis is back and whoever builds has not taken his lock again.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._suspects: set[tuple[BuildId, BuildStatus, int]] = set()

    def look(self) -> None:
        """A few round trips while builds are open, and one while there are none."""
        opened = self._platform.store.open_builds.all()
        untended = self._untended(opened) if opened else []
        seen = {((build.app, build.number), build.status, build.attempt) for build in untended}
        for build in untended:
            if ((build.app, build.number), build.status, build.attempt) in self._suspects:
                take_up(self._platform, build, _SILENCE)
        self._suspects = seen

    def _untended(self, opened: dict[BuildId, BuildStatus]) -> list[Build]:
        store, queue = self._platform.store, self._platform.queue
        turns = {turn(app) for app, _ in opened}
        held = store.locks.held([*turns, *(app for app, _ in opened)])
        builds = store.builds.get_those(opened)
        waiting = set(queue.waiting_builds(BUILDS))
        deploys = {*queue.waiting_builds(RELEASES), *queue.begun_builds(RELEASES)}
        found = []
        for build in builds:
            name, is_held = (build.app, build.number), turn(build.app) in held
            if build.status is BuildStatus.QUEUED:
                is_tended = is_held or name in waiting
            elif build.status is BuildStatus.RUNNING:
                is_tended = is_held
            elif store.logs.has_ended(build.log):
                store.open_builds.close(*name)
                is_tended = True
            else:
                is_tended = build.app in held or name in deploys
            if not is_tended:
                found.append(build)
        return found


def take_up(platform: Platform, build: Build, how: str) -> None:
    """Do what is next for a build that nobody works on; `how` its last worker ended."""
    if build.status is BuildStatus.QUEUED:
        queue_build(platform, build)
    elif build.status is BuildStatus.RUNNING:
        _start_again(platform, build, how)
        start_next(platform, build.app)
    elif build.status is BuildStatus.SUCCEEDED:
        platform.queue.request(RELEASES, DEPLOY, build.app, build.number, log=build.log)
    else:
        end_log(platform.store, build)


def take_back(platform: Platform, name: BuildId, job: str, how: str) -> None:
    """Take up at once the build of a job whose process is known to be dead.

    If it did not hold the app's turn, it had not begun or had ended, and there is nothing to do.
    """
    store, (app, number) = platform.store, name
    held = store.locks.holder(turn(app))
    if held is None or not held.purpose.endswith(job):
        return
    with suppress(NoSuchBuild):
        build = store.builds.get(app, number)
        if build.status is BuildStatus.RUNNING:
            _start_again(platform, build, how)
    store.locks.break_off(held)
    start_next(platform, app)


def _start_again(platform: Platform, build: Build, how: str) -> None:
    """Once; what was cancelled meanwhile, or has been begun twice, ends here."""
    store, log = platform.store, DeployLog(platform.store.logs, build.log)
    waiting = replace(build, status=BuildStatus.QUEUED)
    if build.attempt < ATTEMPTS and store.builds.change(build, waiting):
        log.step(f"The worker of build {build.number} died ({how}); it is started again")
        return
    reason = f"its worker process died {build.attempt} times in the middle of it, at last: {how}"
    if ended := end(store, build, status=BuildStatus.FAILED, reason=reason):
        if ended.status is BuildStatus.FAILED:
            log.error(ended.reason)
        end_log(store, ended)
