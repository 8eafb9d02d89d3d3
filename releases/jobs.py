"""What RQ calls in a release worker: each job takes the app's lock, acts, and ends the log."""

import logging
import os
import time
import uuid
from collections.abc import Callable
from functools import partial

from releases.engine.protocol import Engine
from releases.errors import PaasError
from releases.log import DeployLog
from releases.platform import Platform
from releases.process import end_with_parent
from releases.rollout import changes, processes, rollback, terms
from releases.rollout.converge import converge as converge_app
from releases.rollout.destroy import destroy as destroy_app
from releases.rollout.health import Patience
from releases.rollout.rollout import Rollout
from releases.store.locks import Lock, LockBusy, LockLost
from releases.upkeep.lost import settle_change
from releases.work.parking import go_on, park
from releases.work.ready import ready_engine, ready_platform

_PATIENCE_S = 2.0  # for what is over in a moment; whoever waits longer holds no worker
_LOG = logging.getLogger(__name__)


def deploy(app: str, build: int, log: str) -> None:
    """Roll out what a build made."""

    def act(rollout: Rollout) -> str:
        return changes.deploy(rollout, rollout.store.builds.get(app, build))

    _run(app, log, f"Deploy of build {build}", act)


def change_config(app: str, change: str, who: str, log: str) -> None:
    """Apply a kept config change."""

    def act(rollout: Rollout) -> str:
        return changes.change_config(rollout, rollout.store.configs.change(change), who)

    _run(app, log, f"Config change by {who}", act)


def roll_back(app: str, number: int, who: str, log: str) -> None:
    """Go back to a release, 0 for the one before."""
    _run(app, log, f"Rollback by {who}", lambda it: rollback.roll_back(it, number, who))


def undo(app: str, number: int, reason: str, log: str) -> None:
    """Go back from a release that turned out bad."""
    _run(app, log, f"Rollback of v{number}", lambda it: rollback.undo(it, number, reason))


def scale(app: str, counts: dict[str, int], who: str, log: str) -> None:
    """Change the formation."""
    _run(app, log, f"Scale by {who}", lambda it: processes.scale(it, counts))


def restart(app: str, names: list[str], who: str, log: str) -> None:
    """Replace all containers, or those of the processes named."""
    _run(app, log, f"Restart by {who}", lambda it: processes.restart(it, names))


def stop(app: str, who: str, log: str) -> None:
    """Run nothing."""
    _run(app, log, f"Stop by {who}", processes.stop)


def start(app: str, who: str, log: str) -> None:
    """Run what was stopped."""
    _run(app, log, f"Start by {who}", processes.start)


def limit(app: str, process_type: str, given: dict[str, float], who: str, log: str) -> None:
    """Change limits."""
    _run(app, log, f"Limits by {who}", lambda it: terms.limit(it, process_type, given))


def clear_limits(app: str, process_type: str, who: str, log: str) -> None:
    """Take limits away."""
    _run(app, log, f"Limits by {who}", lambda it: terms.clear_limits(it, process_type))


def set_restart_policy(app: str, policy: str, who: str, log: str) -> None:
    """Change how often Docker restarts a process."""
    _run(app, log, f"Policy by {who}", lambda it: terms.set_restart_policy(it, policy))


def converge(app: str, log: str) -> None:
    """Bring the app to what the store asks for, also after an interrupted rollout."""

    def act(rollout: Rollout) -> str:
        converge_app(rollout)
        return f"{app} is as it should be"

    _run(app, log, "Converge", act)


def destroy(app: str, log: str) -> None:
    """Remove all that is the app's."""
    _run(app, log, "Destroy", destroy_app)


def _rollout(platform: Platform, engine: Engine, lock: Lock, log: DeployLog) -> Rollout:
    settings = platform.settings
    patience = Patience(settings.boot_timeout_s, settings.settle_s)
    return Rollout(settings, platform.store, engine, lock, log, patience)


def _run(app: str, log: str, purpose: str, act: Callable[[Rollout], str]) -> None:
    end_with_parent()  # so that a dead worker's job is known to be dead too
    platform = ready_platform(os.environ)
    deploy_log = DeployLog(platform.store.logs, log)
    if platform.store.logs.has_ended(log):  # it was queued twice
        go_on(platform, app)  # or whoever waits behind it would wait for the next resync
        return
    try:
        platform.store.apps.get(app)
        engine = ready_engine(platform)
        wait = partial(_tell_who_is_waited_for, deploy_log)
        with platform.store.locks.hold(app, purpose, wait, _PATIENCE_S) as lock:
            line = act(_rollout(platform, engine, lock, deploy_log))
    except LockBusy:
        park(platform, app)
        return
    except LockLost as error:  # whoever has the lock now may finish it
        settle_change(platform.store, app, log, str(error))
    except PaasError as error:
        deploy_log.fail(str(error))
    except Exception:  # noqa: BLE001 - the job entry is where errors become text
        deploy_log.fail(_internal_error())
    else:
        deploy_log.succeed(line)
    go_on(platform, app)


def _internal_error() -> str:
    """What a person is told of the exception at hand, which goes to our log."""
    reference = uuid.uuid4().hex[:4]
    _LOG.exception("internal error, reference %s", reference)
    return f"internal error, reference {reference}; the release worker's log has it"


def _tell_who_is_waited_for(log: DeployLog, held: Lock) -> None:
    since_s = time.time() - held.since
    log.detail(f"Waiting for: {held.purpose} ({held.holder}, for {since_s:.0f} s)")
