"""How a build is asked for: its source is stored, its record made and its job queued."""

from pathlib import Path

from builder.source.archive import source_path, write_source
from builder.source.objects import Objects
from releases.build import AS_USUAL, Build, BuildOptions
from releases.log import DeployLog
from releases.platform import Platform
from releases.queue import BUILD, BUILDS


def request_build(
    platform: Platform,
    *,
    app: str,
    commit: str,
    ref: str,
    who: str,
    repository: Path,
    quarantine: Path | None = None,
    options: BuildOptions = AS_USUAL,
) -> Build:
    """Store the commit's tree and queue its build; the build's log is there to be followed.

    `quarantine` is git's directory of objects that are not yet in the repository. After this
    call neither is needed any more. A tree that cannot be built raises a PaasError, and then
    nothing was recorded.
    """
    store = platform.store
    number = store.builds.reserve(app)
    path = source_path(platform.settings.sources, app, number)
    source = write_source(Objects(repository, quarantine), commit, path)
    log = store.logs.new(app)
    if source.warnings:
        DeployLog(store.logs, log).error(*source.warnings)
    build = store.builds.add(app, number, commit, ref, who, log, options)
    timeout_s = platform.settings.build_timeout_s
    platform.queue.request(BUILDS, BUILD, app, number, log=log, timeout_s=timeout_s)
    return build
