"""How an app is brought from what Docker shows to what the store asks for."""

from dataclasses import replace

from releases.domain.app import BeingDestroyed
from releases.domain.container import FROZEN, Container, slots
from releases.domain.desired import Desired
from releases.domain.release import Release, ReleaseStatus
from releases.errors import PaasError
from releases.rollout.canary import prove
from releases.rollout.checks.checkup import Checkup, plan_checkup
from releases.rollout.flip import flip, wait_acknowledged
from releases.rollout.give_up import fail_pending, give_up, put_aside, withdraw
from releases.rollout.health import wait_until_healthy
from releases.rollout.mending import mend
from releases.rollout.occupants import occupants
from releases.rollout.phase import Phase
from releases.rollout.rollout import Rollout

_DIED = "its worker process died before its rollout began"


def converge(rollout: Rollout) -> None:
    """Bring the app to its target, or to what is live where no rollout is under way.

    Right from any starting point: killed at any line and called again, it ends the same.
    What is no longer needed is left to `retire`, which stops it when the routers have let
    it go.
    """
    app = rollout.store.apps.get(rollout.lock.app)
    if app.destroying:
        raise BeingDestroyed(app.name)
    target = app.target
    if target and rollout.store.logs.has_ended(target.log):
        put_aside(rollout)  # whoever asked for it was told that it failed
        target = None
    fail_pending(rollout, app, _DIED, but=target.release if target else 0)
    if target:
        roll_out(rollout, target)
    elif app.live:
        repair(rollout, app.live)
    run_due(rollout)


def roll_out(rollout: Rollout, target: Desired) -> None:
    """All of the target, or UnhealthyRelease and everything serves as before."""
    release, state = rollout.store.releases.get_with_state(rollout.lock.app, target.release)
    if state.status is ReleaseStatus.FAILED:  # whoever found that out died before the end
        withdraw(rollout)
        raise PaasError(f"{release.name} failed: {state.reason}")
    try:
        if target.deploys:
            release = _phase(rollout).before(release)
        serving = start_missing(rollout, release, target)
        wait_until_healthy(rollout.engine, serving, rollout.patience, _checkup(rollout, release))
        prove(rollout, release, target, serving)
    except PaasError as error:
        give_up(rollout, release, error)
        raise
    version = flip(rollout, release, target, serving)
    wait_acknowledged(rollout, version)


def repair(rollout: Rollout, live: Desired) -> None:
    """Have what is live run again as it should; a process that cannot keeps no other from it.

    Routes name the web processes that are healthy; where none is they stay as they are.
    """
    release = rollout.store.releases.get(rollout.lock.app, live.release)
    serving = mend(rollout, release, live, _checkup(rollout, release))
    has_web = any(slot.process_type == "web" for slot in slots(live))
    if not has_web or any(one.slot.process_type == "web" for one in serving):
        wait_acknowledged(rollout, flip(rollout, release, live.kept(), serving))


def run_due(rollout: Rollout) -> None:
    """Run what is due since a deploy serves, also where the worker that moved the routes died."""
    _phase(rollout).after()


def _phase(rollout: Rollout) -> Phase:
    timeout_s = rollout.settings.release_command_timeout_s
    return Phase(rollout.store, rollout.engine, rollout.lock, rollout.log, timeout_s)


def _checkup(rollout: Rollout, release: Release) -> Checkup:
    app, host = rollout.store.apps.get(release.app), rollout.settings.host(release.app)
    return plan_checkup(app, release, host, rollout.log.error)


def start_missing(rollout: Rollout, release: Release, desired: Desired) -> list[Container]:
    """Fill every slot that has no running container; return the containers of all slots."""
    wanted = slots(desired)
    have = occupants(rollout.engine, release.app, wanted)
    missing = sorted(wanted - {one.slot for one in have}, key=lambda slot: slot.name)
    frozen = [one for one in have if one.state == FROZEN]
    stopped = [one for one in have if one.state not in ("running", FROZEN)]
    rollout.say("Thawing", release, [one.slot for one in frozen])
    rollout.say("Starting", release, [*missing, *(one.slot for one in stopped)])
    if missing:
        rollout.engine.fetch_image(release.artifact, rollout.log.detail)
    rollout.engine.thaw(frozen)
    rollout.engine.start_again(stopped)
    return have + rollout.engine.start(release, missing, desired.terms)


def begin(rollout: Rollout, desired: Desired) -> None:
    """Make the target known, so that the rollout outlives this process, and roll it out."""
    put_aside(rollout, but=desired.release)
    target = replace(desired, log=rollout.log.id)
    rollout.store.apps.set_target(rollout.lock, target)
    roll_out(rollout, target)
    run_due(rollout)
