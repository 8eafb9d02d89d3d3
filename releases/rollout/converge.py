"""How an app is brought from what Docker shows to what the store asks for."""

import time
from collections.abc import Sequence
from dataclasses import replace

from releases.app import BeingDestroyed
from releases.container import FROZEN, Container, slots
from releases.desired import Desired
from releases.errors import PaasError
from releases.log import DeployLog
from releases.release import Release, ReleaseStatus
from releases.rollout.health import UnhealthyRelease, wait_until_healthy
from releases.rollout.mending import mend
from releases.rollout.tools import Rollout as Rollout  # for all who roll out
from releases.route import Route

ACKNOWLEDGE_S = 10.0
_PUT_ASIDE = "its worker process died, and something else was asked for before it was finished"


def converge(rollout: Rollout) -> None:
    """Bring the app to its target, or to what is live where no rollout is under way.

    Right from any starting point: killed at any line and called again, it ends the same.
    What is no longer needed is left to `retire`, which stops it when the routers have let
    it go.
    """
    app = rollout.store.apps.get(rollout.lock.app)
    if app.destroying:
        raise BeingDestroyed(app.name)
    if app.target:
        roll_out(rollout, app.target)
    elif app.live:
        repair(rollout, app.live)


def roll_out(rollout: Rollout, target: Desired) -> None:
    """All of the target, or UnhealthyRelease and everything serves as before."""
    release = rollout.store.releases.get(rollout.lock.app, target.release)
    try:
        serving = start_missing(rollout, release, target)
        wait_until_healthy(rollout.engine, serving, rollout.patience)
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
    serving = mend(rollout, release, live)
    has_web = any(slot.process_type == "web" for slot in slots(live))
    if not has_web or any(one.slot.process_type == "web" for one in serving):
        wait_acknowledged(rollout, flip(rollout, release, live, serving))


def start_missing(rollout: Rollout, release: Release, desired: Desired) -> list[Container]:
    """Fill every slot that has no running container; return the containers of all slots."""
    wanted = slots(desired)
    all_of_them = rollout.engine.containers(release.app)
    have = [one for one in all_of_them if one.slot in wanted and not one.condemned]
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


def flip(rollout: Rollout, release: Release, desired: Desired, serving: Sequence[Container]) -> int:
    """Move the routes, the current release and its config in one transaction."""
    web = sorted(
        (one for one in serving if one.slot.process_type == "web"), key=lambda one: one.slot.index
    )
    backends = tuple(one.backend for one in web)
    routes = [Route(host, release.app, backends) for host in hosts(rollout, release)]
    return rollout.store.routes.flip(rollout.lock, desired, release.config, routes)


def hosts(rollout: Rollout, release: Release) -> list[str]:
    """Where the app is reached; an app without a web process is not."""
    if "web" not in release.artifact.processes:
        return []
    own = rollout.store.routes.domains(release.app)
    return [rollout.settings.host(release.app), *own]


def wait_acknowledged(rollout: Rollout, version: int) -> None:
    """Return when every router has confirmed the routes; say so in the log if one is silent.

    The flip has happened and cannot be taken back by waiting: a silent router gets the
    routes when it is back, and until then the old containers stay for it.
    """
    store, deadline = rollout.store, time.monotonic() + ACKNOWLEDGE_S
    with store.acknowledgements() as acknowledged:
        while silent := store.routes.unacknowledged(version):
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                rollout.log.error(
                    f"router {', '.join(silent)} has not confirmed the new routes yet; "
                    "the old containers stay until it has"
                )
                return
            acknowledged.wait(left_s)


def give_up(rollout: Rollout, release: Release, error: PaasError) -> None:
    """End a failed rollout with everything as it was: no target, and its containers retire."""
    if isinstance(error, UnhealthyRelease):
        name = error.container.slot.name
        rollout.log.error(f"{name} of {release.name} failed. Its output:")
        rollout.log.detail(*(f"{name} | {line}" for line in error.output))
    rollout.store.apps.set_target(rollout.lock, None)
    _, state = rollout.store.releases.get_with_state(release.app, release.number)
    if state.status is ReleaseStatus.PENDING:
        rollout.store.releases.fail(release.app, release.number, str(error))
    rollout.store.retire_now(release.app)


def begin(rollout: Rollout, desired: Desired) -> None:
    """Make the target known, so that the rollout outlives this process, and converge."""
    put_aside(rollout, but=desired.release)
    rollout.store.apps.set_target(rollout.lock, replace(desired, log=rollout.log.id))
    converge(rollout)


def put_aside(rollout: Rollout, but: int = 0) -> None:
    """Give up what dead workers left half rolled out: what is asked for now counts.

    `but` is the release to be rolled out next.
    """
    store, name = rollout.store, rollout.lock.app
    app = store.apps.get(name)
    if app.target:
        if not store.logs.has_ended(app.target.log):
            DeployLog(store.logs, app.target.log).fail(_PUT_ASIDE)
        store.apps.set_target(rollout.lock, None)
        store.retire_now(name)
    for number in store.releases.pending(name, app.live.release if app.live else 0):
        if number != but:
            store.releases.fail(name, number, _PUT_ASIDE)
