"""What becomes of a job whose worker process died: that depends on how far it had come."""

import time
from dataclasses import replace

from releases.app import App, NoSuchApp
from releases.build import BuildStatus
from releases.log import DeployLog
from releases.store import Store

_REASON = "its worker process died in the middle of it; try again"


def settle(store: Store, app: str, log: str) -> None:
    """End the record of a build that nobody runs any more, and tell whoever follows the log.

    A rollout whose target is written is finished by the next converge, which then ends the log:
    until then nobody may be told that it failed.
    """
    _fail_build(store, app, log)
    if store.logs.has_ended(log):
        return
    found, deploy_log = _find(store, app), DeployLog(store.logs, log)
    if found and found.target and found.target.log == log:
        deploy_log.step("The worker process died; another one will finish this within a minute")
    elif found and found.live and found.live.log == log:
        deploy_log.succeed(f"v{found.live.release} is live")
    else:
        deploy_log.fail(_REASON)


def _fail_build(store: Store, app: str, log: str) -> None:
    for build in store.builds.list(app):
        if build.log == log and build.status in (BuildStatus.QUEUED, BuildStatus.RUNNING):
            failed = replace(build, status=BuildStatus.FAILED, finished_at=time.time())
            store.builds.change(build, replace(failed, reason=_REASON))


def _find(store: Store, app: str) -> App | None:
    try:
        return store.apps.get(app)
    except NoSuchApp:
        return None
