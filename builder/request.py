"""How a build is asked for: its source is stored, its record made and its job queued."""

import uuid
from collections.abc import Sequence
from typing import Any

from builder.limits.disk import check_room
from builder.queue.places import tell_places, tell_whom_it_follows
from builder.record.title import introduce
from builder.source.archive import drop_source, source_path, write_source
from builder.source.objects import Objects
from releases.domain.build import Build, BuildRequest, BuildStatus
from releases.log import DeployLog
from releases.platform import Platform
from releases.store.builds import RivalBegan
from releases.work.build_queue import end_log, queue_build

_MOST_CHANGED = 200  # paths that are kept of what differs from the build before


def request_build(platform: Platform, request: BuildRequest, objects: Objects) -> Build:
    """Store the commit's tree and queue its build; the build's log is there to be followed.

    After this call the objects are not needed any more. It supersedes what is queued of the app.
    A tree that cannot be built raises a PaasError, a rival that has begun RivalBegan, and then
    nothing was recorded.
    """
    check_room(platform.settings.home, platform.settings.low_disk_mb)
    store, app = platform.store, request.app
    unnumbered = platform.settings.sources / app / f"{uuid.uuid4().hex}.tar"
    source = write_source(objects, request.commit, unnumbered)
    known = _compare(store.builds.list(app), request.commit, objects)
    known |= introduce(store, app, request.commit, objects)
    number = store.builds.reserve(app)  # late: of two requests the newer one has the higher number
    unnumbered.rename(source_path(platform.settings.sources, app, number))
    log = store.logs.new(app)
    try:
        build, *superseded = store.builds.add(request, number, log, **known)
    except RivalBegan:
        drop_source(platform.settings.sources, app, number)
        raise
    for older in superseded:
        end_log(store, older)
        drop_source(platform.settings.sources, app, older.number)
    if source.warnings:
        DeployLog(store.logs, log).error(*source.warnings)
    _queue(platform, build)
    return build


def _queue(platform: Platform, build: Build) -> None:
    """Without a job if one of the same app runs: whoever ends that one sees this one."""
    opened = platform.store.open_builds.all()
    running = [one for one in opened if one[0] == build.app and opened[one] is BuildStatus.RUNNING]
    if running:
        tell_whom_it_follows(platform, build, max(running)[1])
    else:
        queue_build(platform, build)
    tell_places(platform)


def _compare(builds: Sequence[Build], commit: str, objects: Objects) -> dict[str, Any]:
    """What is known of a build by the newest one that succeeded, while the objects are at hand."""
    done = (build for build in builds if build.status is BuildStatus.SUCCEEDED)
    before = next(done, None)
    changed = before and objects.changed(before.commit, commit, _MOST_CHANGED)
    if before is None or changed is None:
        return {}
    return {"compared_with": before.number, "changed": changed}
