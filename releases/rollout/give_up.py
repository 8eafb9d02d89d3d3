"""How a rollout ends that does not reach its target: everything serves as before."""

from contextlib import suppress

from releases.domain.app import App
from releases.domain.container import slots
from releases.domain.release import Release, ReleaseStatus
from releases.engine.protocol import EngineFailed
from releases.errors import PaasError
from releases.log import DeployLog
from releases.rollout.canary import take_back
from releases.rollout.health import UnhealthyRelease
from releases.rollout.rollout import Rollout

_PUT_ASIDE = "its worker process died, and something else was asked for before it was finished"


def give_up(rollout: Rollout, release: Release, error: PaasError) -> None:
    """End a failed rollout with everything as it was: no target, and its containers retire.

    LockLost if the lock is no longer this one: whoever has it may be rolling the release out.
    """
    rollout.store.locks.check(rollout.lock)
    if isinstance(error, UnhealthyRelease):
        name = error.container.slot.name
        rollout.log.error(f"{name} of {release.name} failed. Its output:")
        rollout.log.detail(*(f"{name} | {line}" for line in error.output))
    # First of all: whoever goes on if we die here must not take it for good.
    _, state = rollout.store.releases.get_with_state(release.app, release.number)
    if state.status is ReleaseStatus.PENDING:
        rollout.store.releases.fail(release.app, release.number, str(error))
    withdraw(rollout)


def withdraw(rollout: Rollout) -> None:
    """No target any more. Its share of the requests goes first, for its containers will stop.

    LockLost as in `give_up`.
    """
    rollout.store.locks.check(rollout.lock)
    app = rollout.store.apps.get(rollout.lock.app)
    if app.target and app.target.canary:  # that it began may not have been written any more
        take_back(rollout, app)
    with suppress(EngineFailed):  # then they are only a little longer to be counted on
        _condemn(rollout, app)
    rollout.store.apps.set_target(rollout.lock, None)
    rollout.store.retire_now(app.name)


def _condemn(rollout: Rollout, app: App) -> None:
    """What only the target needed: the next boot has the same number, and other terms maybe."""
    needless = slots(app.target) - slots(app.live) - slots(app.previous)
    for container in rollout.engine.containers(app.name) if needless else []:
        if container.slot in needless:
            rollout.engine.condemn(container)


def put_aside(rollout: Rollout, but: int = 0) -> None:
    """Give up what dead workers left half rolled out: what is asked for now counts.

    `but` is the release to be rolled out next. LockLost as in `give_up`.
    """
    store, name = rollout.store, rollout.lock.app
    store.locks.check(rollout.lock)
    app = store.apps.get(name)
    if app.target or app.due:
        rollout.engine.end_once(name)
    if app.target:
        if not store.logs.has_ended(app.target.log):
            DeployLog(store.logs, app.target.log).fail(_PUT_ASIDE)
        withdraw(rollout)
    fail_pending(rollout, app, _PUT_ASIDE, but)


def fail_pending(rollout: Rollout, app: App, reason: str, but: int = 0) -> None:
    """No release may look as if it were still to come when nobody rolls it out."""
    releases = rollout.store.releases
    for number in releases.pending(app.name, app.live.release if app.live else 0):
        if number != but:
            releases.fail(app.name, number, reason)
