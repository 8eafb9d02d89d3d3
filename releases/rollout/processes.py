"""What is asked of the processes of a release that is live: how many, begun afresh, stopped."""

from collections.abc import Mapping
from dataclasses import replace

from releases.app import App, BadScale, NotDeployed
from releases.app_json import FILE
from releases.desired import Desired
from releases.release import Release
from releases.rollout.converge import begin
from releases.rollout.give_up import put_aside
from releases.rollout.releasing import live_release, open_app, where
from releases.rollout.rollout import Rollout


def scale(rollout: Rollout, counts: Mapping[str, int]) -> str:
    """Run so many of each named process type, and the others as before."""
    app = open_app(rollout)
    live = live_release(rollout, app)
    if live is None or app.live is None:
        put_aside(rollout)  # or a first deploy that was interrupted brings back its own formation
        rollout.store.apps.set_formation(app.name, {**app.formation, **counts})
        return f"{_counts(counts)} from the first deploy on"
    unknown = sorted(set(counts) - set(live.artifact.processes))
    if unknown:
        known = ", ".join(sorted(live.artifact.processes))
        raise BadScale(f"{app.name} has no process type {unknown[0]}; {live.name} has {known}")
    _check_app_json(live, counts)
    _begin(rollout, replace(app.live, formation={**app.live.formation, **counts}))
    return f"{live.name} runs {_counts({**app.live.formation, **counts})}"


def _check_app_json(live: Release, counts: Mapping[str, int]) -> None:
    said = live.artifact.app_json.formation
    for name in sorted(said.keys() & counts.keys()):
        raise BadScale(
            f"{FILE} of {live.name} sets {name}={said[name]}; change its formation there and push"
        )


def restart(rollout: Rollout) -> str:
    """Replace every container by a new one of the same release."""
    release, live = _live(rollout, open_app(rollout))
    _begin(rollout, live.restarted())
    return f"{release.name} was restarted, {where(rollout, release)}"


def _live(rollout: Rollout, app: App) -> tuple[Release, Desired]:
    release = live_release(rollout, app)
    if release is None or app.live is None:
        raise NotDeployed(app.name)
    return release, app.live


def _begin(rollout: Rollout, desired: Desired) -> None:
    """The release stays, so that nothing of how it came in is done again."""
    begin(rollout, replace(desired, deploys=False, canary=None, blames=""))


def _counts(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in sorted(counts.items()))
