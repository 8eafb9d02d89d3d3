"""What becomes of a job whose worker process died: that depends on how far it had come."""

from releases.domain.app import App, NoSuchApp
from releases.log import DeployLog
from releases.platform import Platform
from releases.store import Store
from releases.upkeep.unfinished import take_back
from releases.work.queue import BUILDS, CONVERGE, RELEASES, LostJob, build_of

_REASON = "its worker process died in the middle of it; try again"


def settle(platform: Platform, job: LostJob) -> None:
    """See to it that nobody waits for a job that nobody works on any more.

    A build's record says how it stands, so that of a build's job only this counts: that its
    process is dead for sure. Without that, builds are found by `Unfinished`.
    """
    build = build_of(job.id) if job.queue == BUILDS else None
    if build is None:
        settle_change(platform.store, job.app, job.log)
        _have_finished(platform, job)
    elif job.died:
        take_back(platform, build, job.id, job.died)


def settle_change(store: Store, app: str, log: str, reason: str = _REASON) -> None:
    """Tell whoever follows the log of a change of what runs.

    A rollout whose target is written is finished by the next converge, which then ends the log:
    until then nobody may be told that it failed.
    """
    if store.logs.has_ended(log):
        return
    found, deploy_log = _find(store, app), DeployLog(store.logs, log)
    if found and log in _unfinished(found):
        deploy_log.step("The worker process died or stalled; another one will finish this")
    elif found and found.live and found.live.log == log:
        deploy_log.succeed(f"v{found.live.release} is live")
    else:
        deploy_log.fail(reason)


def _unfinished(app: App) -> set[str]:
    """The logs of what the next converge goes on with."""
    found = [app.target, app.live if app.due else None]
    return {desired.log for desired in found if desired}


def _have_finished(platform: Platform, job: LostJob) -> None:
    """Ask for what brings the app to rest, unless that is what was lost: then the resync does."""
    app = _find(platform.store, job.app)
    if job.task == CONVERGE or app is None or app.destroying:
        return
    log = log_to_finish(platform.store, app)
    platform.queue.request(RELEASES, CONVERGE, app.name, log=log)


def log_to_finish(store: Store, app: App) -> str:
    """That of the rollout to be finished, if somebody may still follow it."""
    unfinished = app.target or (app.live if app.due else None)
    log = unfinished.log if unfinished else ""
    return log if log and not store.logs.has_ended(log) else store.logs.new(app.name)


def _find(store: Store, app: str) -> App | None:
    try:
        return store.apps.get(app)
    except NoSuchApp:
        return None
