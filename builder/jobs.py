"""The build job, as the queue calls it: the place where a build's errors become its last line."""

import logging
import os
import time
import uuid
from contextlib import suppress
from dataclasses import replace

from rq.timeouts import JobTimeoutException

from builder.app_image import make_image
from builder.docker.engine import Engine
from builder.retention import forget_old_builds, settle_lost_builds
from builder.source.archive import source_path
from releases.app import NoSuchApp
from releases.build import Build, BuildStatus
from releases.errors import PaasError
from releases.log import DeployLog
from releases.platform import Platform
from releases.queue import DEPLOY, RELEASES
from releases.store.builds import NoSuchBuild

_logger = logging.getLogger(__name__)


class AppGone(PaasError):
    """The app was destroyed while a build of it was on its way."""


def build(app: str, number: int, log: str) -> None:
    """Build an app's stored source and hand the image on to the release job, with the same log.

    Done twice it does no harm: a build that ended badly stays so, and an image that is there is
    used again.
    """
    platform = Platform.from_env(os.environ)
    output = DeployLog(platform.store.logs, log)
    try:
        _build(platform, app, number, output)
    except PaasError as error:
        _fail(platform, app, number, output, str(error))
    except JobTimeoutException:
        limit_s = platform.settings.build_timeout_s
        reason = f"it took longer than {limit_s} s (the setting build_timeout_s)"
        _fail(platform, app, number, output, reason)
    except Exception:
        reference = uuid.uuid4().hex[:8]
        _logger.exception("build %s of %s, reference %s", number, app, reference)
        _fail(platform, app, number, output, f"internal error, reference {reference}")


def _build(platform: Platform, app: str, number: int, log: DeployLog) -> None:
    store = platform.store
    with store.locks.hold(f"{app}:builds", f"Build {number}", lambda _: log.step("Queued")):
        _check_app(platform, app)
        record = store.builds.start(app, number)
        if record is None:
            return
        settle_lost_builds(platform, record)
        forget_old_builds(platform, record)
        log.step(f"Building {app} from {record.commit[:7]}")
        record = _finish(platform, record, log)
        log.detail(f"Build {number} took {record.finished_at - record.started_at:.1f} s")
        platform.queue.request(RELEASES, DEPLOY, app, number, log=log.id)


def _finish(platform: Platform, record: Build, log: DeployLog) -> Build:
    engine = Engine(platform.settings.docker_host)
    wishes = platform.store.builds.settings(record.app)
    made = make_image(engine, platform.settings, record, log, wishes)
    try:
        _check_app(platform, record.app)
    except AppGone:
        engine.remove(record.tag)
        raise
    ended = replace(
        record,
        status=BuildStatus.SUCCEEDED,
        finished_at=time.time(),
        buildpack=made.buildpack,
        why=made.why,
        artifact=made.artifact,
    )
    platform.store.builds.change(record, ended)
    return ended


def _check_app(platform: Platform, app: str) -> None:
    try:
        gone = platform.store.apps.get(app).destroying
    except NoSuchApp:
        gone = True
    if gone:
        raise AppGone(f"app {app} was destroyed")


def _fail(platform: Platform, app: str, number: int, log: DeployLog, reason: str) -> None:
    with suppress(NoSuchBuild):
        _record_failure(platform, platform.store.builds.get(app, number), reason)
    log.error(reason)
    log.fail(f"App build failed: {reason}")


def _record_failure(platform: Platform, record: Build, reason: str) -> None:
    if platform.store.apps.exists(record.app):
        failed = replace(record, status=BuildStatus.FAILED, finished_at=time.time(), reason=reason)
        platform.store.builds.change(record, failed)
    else:  # it was asked for while the app was destroyed: nothing of it stays
        platform.store.builds.forget(record)
        source_path(platform.settings.sources, record.app, record.number).unlink(missing_ok=True)
