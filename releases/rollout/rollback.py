"""Back to a release that was live before: code and config, as a release of a new number."""

from dataclasses import replace

from releases.domain.app import App, NotDeployed
from releases.domain.container import slots
from releases.domain.desired import Desired
from releases.domain.release import Release, ReleaseState, ReleaseStatus
from releases.errors import PaasError
from releases.rollout.releasing import Wanted, open_app, release_anew
from releases.rollout.rollout import Rollout


class CannotRollBack(PaasError):
    """The release that was asked for cannot be brought back."""


def roll_back(rollout: Rollout, number: int, who: str, reason: str = "") -> str:
    """Bring back code and config of a release (0: the one before).

    With a reason, the release that serves now counts as failed for it.
    """
    app = open_app(rollout)
    if app.live is None:
        raise NotDeployed(app.name)
    target = _target(rollout, app, app.live, number)
    warm = _still_there(rollout, app, target)
    _check_image(rollout, target, warm)
    why = f"Rollback to {target.name}" + (f": {reason}" if reason else "")
    wanted = Wanted(target.artifact, target.config, who, why)
    how = replace(warm or Desired(0, {}), stopped=app.live.stopped, blames=reason)
    return release_anew(rollout, wanted, how)


def undo(rollout: Rollout, number: int, reason: str) -> str:
    """Go back because of what a release did, unless it serves no more."""
    app = open_app(rollout)
    if app.target or not app.live or app.live.release != number or not app.live.is_watched:
        return f"v{number} of {app.name} serves no more"
    return roll_back(rollout, 0, "paas", reason)


def _target(rollout: Rollout, app: App, live: Desired, number: int) -> Release:
    if number == live.release:
        raise CannotRollBack(f"v{number} of {app.name} is live already")
    if number:
        return _usable(*rollout.store.releases.get_with_state(app.name, number))
    for release, state in rollout.store.releases.list(app.name):
        if release.number < live.release and state.status is ReleaseStatus.SUPERSEDED:
            return release
    raise CannotRollBack(f"{app.name} has no release before v{live.release} to go back to")


def _usable(release: Release, state: ReleaseState) -> Release:
    if state.status is not ReleaseStatus.SUPERSEDED:
        raise CannotRollBack(
            f"{release.name} of {release.app} is {state.status}, not a release to go back to"
            + (f": {state.reason}" if state.reason else "")
        )
    return release


def _still_there(rollout: Rollout, app: App, target: Release) -> Desired | None:
    """How to run what the release ran, where its containers are there yet."""
    before = app.previous
    if before is None or before.release != target.number or before.terms != app.terms:
        return None
    there = {one.slot for one in rollout.engine.containers(app.name) if not one.condemned}
    if not there & slots(before):
        return None
    return Desired(0, {}, boot=before.boot, boots=before.boots, origin=before.containers_of)


def _check_image(rollout: Rollout, target: Release, warm: Desired | None) -> None:
    artifact = target.artifact
    if warm or artifact.reference or rollout.engine.image_exists(artifact.image):
        return
    raise CannotRollBack(
        f"the image of {target.name} is gone; build and deploy its code again with "
        f"`ps:rebuild {target.app} {artifact.commit[:12]}`"
    )
