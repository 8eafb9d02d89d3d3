"""The build job, as the queue calls it: the place where a build's errors become its last line."""

import logging
import os
import uuid
from contextlib import suppress

from redis import Redis
from rq.job import Job, get_current_job
from rq.timeouts import JobTimeoutException

from builder.app_image import build_id, make_image
from builder.bases.stack import Bases
from builder.bases.sweep import is_due, sweep
from builder.docker.engine import Engine, EngineUnreachable
from builder.limits.output import bounded
from builder.queue.places import tell_places
from builder.queue.pushed import forget_pushed
from builder.queue.ready import PATIENCE_S, ready_engine, ready_platform
from builder.queue.retention import forget_old_builds
from builder.source.archive import drop_source
from releases.domain.app import NoSuchApp
from releases.domain.build import Build, BuildStatus
from releases.errors import PaasError
from releases.log import DeployLog
from releases.platform import Platform
from releases.process import end_with_parent
from releases.store.builds import NoSuchBuild
from releases.upkeep.unfinished import take_back
from releases.work.build_queue import LEASE, end, end_log, start_next, turn
from releases.work.queue import DEPLOY, RELEASES

_logger = logging.getLogger(__name__)


class AppGone(PaasError):
    """The app was destroyed while a build of it was on its way."""


def build(app: str, number: int, log: str) -> None:
    """Build an app's stored source and hand the image on to the release job, with the same log.

    One build of an app at a time: if another one runs, this one stays queued, and whoever ends
    the other queues a job for it. Called twice it does no harm, for a build is begun once.
    """
    job = get_current_job()
    if job:
        end_with_parent()
    platform = ready_platform(os.environ)
    purpose = f"Build {number}, job {job.id if job else ''}"
    with platform.store.locks.try_hold(turn(app), purpose, LEASE) as lock:
        if lock is None:
            return
        try:
            record = platform.store.builds.start(app, number)
        except NoSuchBuild as error:
            DeployLog(platform.store.logs, log).fail(str(error))
            return
        if record:
            tell_places(platform)
            _attempt(platform, record)
    start_next(platform, app)
    tell_places(platform)
    _tidy(platform, app)  # last: nobody waits for this


def stopped(job: Job, connection: Redis) -> None:
    """What RQ calls in the worker once it has killed the process of a build that was cancelled.

    That hung up on the engine, which ends the build; told as well, it does so for sure.
    """
    platform = Platform.from_env(os.environ, PATIENCE_S)
    app, number, *_ = job.args
    take_back(platform, (app, number), job.id, "stopped")
    drop_source(platform.settings.sources, app, number)
    tell_places(platform)
    with suppress(NoSuchBuild, EngineUnreachable):
        record = platform.store.builds.get(app, number)
        Engine(platform.settings.docker_host).cancel(build_id(platform.settings, record))


def _attempt(platform: Platform, record: Build) -> None:
    """Build, and write how it ended."""
    log = DeployLog(platform.store.logs, record.log)
    try:
        _build(platform, record, log)
    except PaasError as error:
        _fail(platform, record, log, str(error))
    except JobTimeoutException:
        limit_s = platform.settings.build_timeout_s
        reason = f"it took longer than {limit_s} s (the setting build_timeout_s)"
        _fail(platform, record, log, reason)
    except Exception:
        reference = uuid.uuid4().hex[:8]
        _logger.exception("build %s of %s, reference %s", record.number, record.app, reference)
        _fail(platform, record, log, f"internal error, reference {reference}")
    drop_source(platform.settings.sources, record.app, record.number)


def _build(platform: Platform, record: Build, log: DeployLog) -> None:
    _check_app(platform, record.app)
    log.step(f"Building {record.app} from {record.commit[:7]}")
    settings, limit_kb = platform.settings, platform.settings.build_log_kb
    engine = ready_engine(settings.docker_host)
    with bounded(lambda them: log.detail(*them), limit_kb) as report:
        bases = Bases(engine, settings, report, platform.store.locks)
        made = make_image(bases, platform.store, record, log)
    try:
        _check_app(platform, record.app)
    except AppGone:
        engine.remove(record.tag)
        raise
    _succeed(platform, made, log)


def _tidy(platform: Platform, app: str) -> None:
    """The build has ended, whatever comes of this."""
    try:
        with suppress(NoSuchApp):
            forget_old_builds(platform, app)
        if is_due(platform.settings):
            engine, settings = Engine(platform.settings.docker_host), platform.settings
            forget_pushed(platform, engine.api)
            sweep(Bases(engine, settings, lambda _: None, platform.store.locks), platform.store)
    except PaasError as error:
        _logger.warning("old images stay for now: %s", error)
    except Exception:
        _logger.exception("removing old images")


def _succeed(platform: Platform, made: Build, log: DeployLog) -> None:
    ended = end(platform.store, made, **{**vars(made), "status": BuildStatus.SUCCEEDED})
    if ended and ended.status is BuildStatus.SUCCEEDED:
        log.detail(f"Build {ended.number} took {ended.finished_at - ended.started_at:.1f} s")
        platform.queue.request(RELEASES, DEPLOY, ended.app, ended.number, log=log.id)
    elif ended:
        end_log(platform.store, ended)


def _check_app(platform: Platform, app: str) -> None:
    try:
        gone = platform.store.apps.get(app).destroying
    except NoSuchApp:
        gone = True
    if gone:
        raise AppGone(f"app {app} was destroyed")


def _fail(platform: Platform, record: Build, log: DeployLog, reason: str) -> None:
    ended = end(platform.store, record, status=BuildStatus.FAILED, reason=reason)
    if ended is None:
        return
    if not platform.store.apps.exists(record.app):  # asked for while the app was destroyed
        platform.store.builds.forget(ended)  # and its log so far
    log.error(reason)
    end_log(platform.store, ended)
