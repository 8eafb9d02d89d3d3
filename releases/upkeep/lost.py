"""What becomes of a job whose worker process died: that depends on how far it had come."""

from releases.app import App, NoSuchApp
from releases.log import DeployLog
from releases.platform import Platform
from releases.queue import BUILDS, CONVERGE, RELEASES, LostJob, build_of
from releases.store import Store
from releases.upkeep.unfinished import take_back

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


def settle_change(store: Store, app: str, log: str) -> None:
    """Tell whoever follows the log of a change of what runs.

    A rollout whose target is written is finished by the next converge, which then ends the log:
    until then nobody may be told that it failed.
    """
    if store.logs.has_ended(log):
        return
    found, deploy_log = _find(store, app), DeployLog(store.logs, log)
    if found and found.target and found.target.log == log:
        deploy_log.step("The worker process died; another one will finish this")
    elif found and found.live and found.live.log == log:
        deploy_log.succeed(f"v{found.live.release} is live")
    else:
        deploy_log.fail(_REASON)


def _have_finished(platform: Platform, job: LostJob) -> None:
    """Ask for what brings the app to rest, unless that is what was lost: then the resync does."""
    app = _find(platform.store, job.app)
    if job.task == CONVERGE or app is None or app.destroying:
        return
    log = app.target.log if app.target else ""
    platform.queue.request(
        RELEASES, CONVERGE, app.name, log=log or platform.store.logs.new(app.name)
    )


def _find(store: Store, app: str) -> App | None:
    try:
        return store.apps.get(app)
    except NoSuchApp:
        return None
