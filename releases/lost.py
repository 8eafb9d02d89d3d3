"""How the log of a job ends whose worker process died: that depends on how far the job came."""

from releases.app import App, NoSuchApp
from releases.log import DeployLog
from releases.store import Store


def end_log(store: Store, app: str, log: str) -> None:
    """Tell whoever follows the log what became of the job; nothing if the log has ended.

    A rollout whose target is written is finished by the next converge, which then ends the log:
    until then nobody may be told that it failed.
    """
    if store.logs.has_ended(log):
        return
    found, deploy_log = _find(store, app), DeployLog(store.logs, log)
    if found and found.target and found.target.log == log:
        deploy_log.step("The worker process died; another one will finish this within a minute")
    elif found and found.live and found.live.log == log:
        deploy_log.succeed(f"v{found.live.release} is live")
    else:
        deploy_log.fail("the worker process died in the middle of it; try again")


def _find(store: Store, app: str) -> App | None:
    try:
        return store.apps.get(app)
    except NoSuchApp:
        return None
