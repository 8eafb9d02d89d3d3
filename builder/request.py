"""How a build is asked for: its source is stored, its record made and its job queued."""

from collections.abc import Sequence
from typing import Any

from builder.source.archive import source_path, write_source
from builder.source.objects import Objects
from releases.build import Build, BuildRequest, BuildStatus
from releases.log import DeployLog
from releases.platform import Platform
from releases.queue import BUILD, BUILDS

_MOST_CHANGED = 200  # paths that are kept of what differs from the build before


def request_build(platform: Platform, request: BuildRequest, objects: Objects) -> Build:
    """Store the commit's tree and queue its build; the build's log is there to be followed.

    After this call the objects are not needed any more. A tree that cannot be built raises a
    PaasError, and then nothing was recorded.
    """
    store, app = platform.store, request.app
    number = store.builds.reserve(app)
    path = source_path(platform.settings.sources, app, number)
    source = write_source(objects, request.commit, path)
    log = store.logs.new(app)
    if source.warnings:
        DeployLog(store.logs, log).error(*source.warnings)
    known = _compare(store.builds.list(app), request.commit, objects)
    build, *_ = store.builds.add(request, number, log, **known)
    timeout_s = platform.settings.build_timeout_s
    platform.queue.request(BUILDS, BUILD, app, number, log=log, timeout_s=timeout_s)
    return build


def _compare(builds: Sequence[Build], commit: str, objects: Objects) -> dict[str, Any]:
    """What is known of a build by the newest one that succeeded, while the objects are at hand."""
    done = (build for build in builds if build.status is BuildStatus.SUCCEEDED)
    before = next(done, None)
    changed = before and objects.changed(before.commit, commit, _MOST_CHANGED)
    if before is None or changed is None:
        return {}
    return {"compared_with": before.number, "changed": changed}
