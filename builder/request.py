"""How a build is asked for: its source is stored, its record made and its job queued."""

from builder.limits.disk import check_room
from builder.source.archive import source_path, write_source
from builder.source.objects import Objects
from releases.build import Build, BuildRequest
from releases.log import DeployLog
from releases.platform import Platform
from releases.queue import BUILD, BUILDS


def request_build(platform: Platform, request: BuildRequest, objects: Objects) -> Build:
    """Store the commit's tree and queue its build; the build's log is there to be followed.

    After this call the objects are not needed any more. A tree that cannot be built raises a
    PaasError, and then nothing was recorded.
    """
    check_room(platform.settings.home, platform.settings.low_disk_mb)
    store, app = platform.store, request.app
    number = store.builds.reserve(app)
    path = source_path(platform.settings.sources, app, number)
    source = write_source(objects, request.commit, path)
    log = store.logs.new(app)
    if source.warnings:
        DeployLog(store.logs, log).error(*source.warnings)
    build, *_ = store.builds.add(request, number, log)
    timeout_s = platform.settings.build_timeout_s
    platform.queue.request(BUILDS, BUILD, app, number, log=log, timeout_s=timeout_s)
    return build
