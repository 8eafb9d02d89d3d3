"""What may be asked of an app that runs: deploy, new config, rollback, scale, restart."""

import time
from collections.abc import Mapping
from dataclasses import replace

from releases.app import App, BadScale, BeingDestroyed, Desired, NotDeployed, default_formation
from releases.build import Build
from releases.config import ConfigChange, check_size
from releases.errors import PaasError
from releases.release import Artifact, Release, ReleaseState, ReleaseStatus
from releases.rollout.converge import Rollout, begin, converge, put_aside


class Superseded(PaasError):
    """A newer build of the app went live while this one was made."""


class CannotRollBack(PaasError):
    """The release that was asked for cannot be brought back."""


def deploy(rollout: Rollout, build: Build) -> str:
    """Roll out a build's image; return the line that ends the deploy."""
    app = _app(rollout)
    artifact = build.artifact
    if artifact is None:
        raise PaasError(f"build {build.number} of {app.name} has no image; push again")
    if app.target and app.target.log == rollout.log.id:
        return _finish(rollout, app.target)
    live = _live_release(rollout, app)
    is_done = live and live.artifact.build == build.number  # the job was queued twice
    if live and (is_done or (live.artifact.image == artifact.image and not build.options.redeploy)):
        put_aside(rollout)
        return f"{live.name} runs this commit already, {_where(rollout, live)}"
    if live and live.artifact.build > build.number:
        raise Superseded(
            f"build {build.number} is superseded: {live.name} runs the newer build "
            f"{live.artifact.build}; push again if you want this one"
        )
    why = build.deed(live.artifact.commit if live else "")
    return _release(rollout, artifact, rollout.store.apps.config(app.name), build.who, why)


def _finish(rollout: Rollout, target: Desired) -> str:
    """Go on with what this very deploy began before its worker died."""
    release = rollout.store.releases.get(rollout.lock.app, target.release)
    converge(rollout)
    return f"{release.name} is live, {_where(rollout, release)}"


def change_config(rollout: Rollout, change: ConfigChange, who: str) -> str:
    """Apply a change to the config and roll it out as one release."""
    app = _app(rollout)
    old = rollout.store.apps.config(app.name)
    config = change.apply(old)
    check_size(config)
    if config == old:
        put_aside(rollout)
        return f"Nothing to change: {app.name} has this config already"
    live = _live_release(rollout, app)
    if live is None:
        rollout.store.apps.set_config(app.name, config)
        return f"{change.title}; {app.name} gets it with its first deploy"
    return _release(rollout, live.artifact, config, who, change.title)


def roll_back(rollout: Rollout, number: int, who: str) -> str:
    """Bring back code and config of a release (0: the one before), as a new release."""
    app = _app(rollout)
    target = _rollback_target(rollout, app, number)
    artifact = target.artifact
    if not artifact.reference and not rollout.engine.image_exists(artifact.image):
        raise CannotRollBack(
            f"the image of {target.name} is gone; build and deploy its code again with "
            f"ps:rebuild {app.name} {target.artifact.commit[:12]}"
        )
    return _release(rollout, target.artifact, target.config, who, f"Rollback to {target.name}")


def scale(rollout: Rollout, counts: Mapping[str, int]) -> str:
    """Run so many of each named process type, and the others as before."""
    app = _app(rollout)
    live = _live_release(rollout, app)
    if live is None or app.live is None:
        rollout.store.apps.set_formation(app.name, {**app.formation, **counts})
        return f"{_counts(counts)} from the first deploy on"
    unknown = sorted(set(counts) - set(live.artifact.processes))
    if unknown:
        known = ", ".join(sorted(live.artifact.processes))
        raise BadScale(f"{app.name} has no process type {unknown[0]}; {live.name} has {known}")
    begin(rollout, replace(app.live, formation={**app.live.formation, **counts}))
    return f"{live.name} runs {_counts({**app.live.formation, **counts})}"


def restart(rollout: Rollout) -> str:
    """Replace every container by a new one of the same release."""
    app = _app(rollout)
    live = _live_release(rollout, app)
    if live is None or app.live is None:
        raise NotDeployed(app.name)
    begin(rollout, replace(app.live, boot=app.live.boot + 1))
    return f"{live.name} was restarted, {_where(rollout, live)}"


def _release(
    rollout: Rollout, artifact: Artifact, config: Mapping[str, str], who: str, why: str
) -> str:
    app = _app(rollout)
    number = rollout.store.apps.next_release(app.name)
    release = Release(app.name, number, artifact, config, who, time.time(), why)
    rollout.store.releases.add(release)
    rollout.log.step(f"Releasing {release.name}: {why}")
    begin(rollout, Desired(number, formation(app, artifact)))
    return f"{release.name} is live, {_where(rollout, release)}"


def formation(app: App, artifact: Artifact) -> dict[str, int]:
    """What was asked for, for the process types that there are; else one web."""
    default = default_formation(artifact.processes)
    return {name: app.formation.get(name, count) for name, count in default.items()}


def _app(rollout: Rollout) -> App:
    app = rollout.store.apps.get(rollout.lock.app)
    if app.destroying:
        raise BeingDestroyed(app.name)
    return app


def _live_release(rollout: Rollout, app: App) -> Release | None:
    return rollout.store.releases.get(app.name, app.live.release) if app.live else None


def _rollback_target(rollout: Rollout, app: App, number: int) -> Release:
    if app.live is None:
        raise NotDeployed(app.name)
    if number == app.live.release:
        raise CannotRollBack(f"v{number} of {app.name} is live already")
    if number:
        release, state = rollout.store.releases.get_with_state(app.name, number)
        return _usable(release, state)
    for release, state in rollout.store.releases.list(app.name):
        if release.number < app.live.release and state.status is ReleaseStatus.SUPERSEDED:
            return release
    raise CannotRollBack(f"{app.name} has no release before v{app.live.release} to go back to")


def _usable(release: Release, state: ReleaseState) -> Release:
    if state.status is not ReleaseStatus.SUPERSEDED:
        raise CannotRollBack(
            f"{release.name} of {release.app} is {state.status} and was never live"
            + (f": {state.reason}" if state.reason else "")
        )
    return release


def _where(rollout: Rollout, release: Release) -> str:
    if "web" not in release.artifact.processes:
        return "without a web process"
    return rollout.settings.url(rollout.settings.host(release.app))


def _counts(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in sorted(counts.items()))
