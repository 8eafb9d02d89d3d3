"""What makes a new release: code that was built, and config."""

from releases.domain.app import App
from releases.domain.build import Build
from releases.domain.config import ConfigChange
from releases.domain.desired import Desired
from releases.domain.release import Artifact
from releases.errors import PaasError
from releases.rollout.converge import converge, run_due
from releases.rollout.give_up import put_aside
from releases.rollout.releasing import Wanted, live_release, open_app, release_anew, where
from releases.rollout.rollout import Rollout


class Superseded(PaasError):
    """A newer build of the app went live while this one was made."""


def deploy(rollout: Rollout, build: Build) -> str:
    """Roll out a build's image; return the line that ends the deploy."""
    app = open_app(rollout)
    artifact = build.artifact
    if artifact is None:
        raise PaasError(f"build {build.number} of {app.name} has no image; push again")
    if app.target and app.target.log == rollout.log.id:
        return _finish(rollout, app.target)
    live = live_release(rollout, app)
    if live and (live.artifact.build == build.number or _runs(app, live.artifact, build)):
        put_aside(rollout)
        run_due(rollout)
        return f"{live.name} runs this commit already, {where(rollout, live)}"
    if live and live.artifact.build > build.number:
        raise Superseded(
            f"build {build.number} is superseded: {live.name} runs the newer build "
            f"{live.artifact.build}; push again if you want this one"
        )
    configs = rollout.store.configs
    why = build.deed(live.artifact.commit if live else "")
    staged = configs.staged(app.name)
    env = artifact.app_json.env
    config = staged.change.apply(configs.config(app.name))
    wanted = Wanted(artifact, config, build.who, why, staged, env)
    return release_anew(rollout, wanted, _on_trial(app, deploys=True))


def _runs(app: App, live: Artifact, build: Build) -> bool:
    """Whether what was built is what serves already, and nothing else was asked for."""
    is_same = build.artifact is not None and live.built_image == build.artifact.image
    is_stopped = app.live is not None and app.live.stopped
    return is_same and not build.options.redeploy and not is_stopped


def _finish(rollout: Rollout, target: Desired) -> str:
    """Go on with what this very deploy began before its worker died."""
    release = rollout.store.releases.get(rollout.lock.app, target.release)
    converge(rollout)
    return f"{release.name} is live, {where(rollout, release)}"


def change_config(rollout: Rollout, change: ConfigChange, who: str) -> str:
    """Apply what is staged and then a change to the config, and roll it out as one release."""
    app = open_app(rollout)
    configs = rollout.store.configs
    old, staged = configs.config(app.name), configs.staged(app.name)
    config = change.apply(staged.change.apply(old))  # what is said last counts
    if config == old:
        put_aside(rollout)
        return f"Nothing to change: {app.name} has this config already"
    live = live_release(rollout, app)
    if live is None or app.live is None:
        put_aside(rollout)  # or a first deploy that was interrupted brings back its own config
        configs.set_config(app.name, change.apply(old))
        return f"{change.title}; {app.name} gets it with its first deploy"
    wanted = Wanted(live.artifact, config, who, change.title, staged)
    return release_anew(rollout, wanted, _on_trial(app, stopped=app.live.stopped))


def _on_trial(app: App, *, deploys: bool = False, stopped: bool = False) -> Desired:
    """As new things come in: on a share first where the app has it so, and watched afterwards."""
    canary = None if stopped else app.canary
    return Desired(0, {}, deploys=deploys, stopped=stopped, canary=canary, is_watched=True)
