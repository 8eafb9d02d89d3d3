"""How what was asked for becomes a release of its own number, and its rollout begins."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from releases.domain.app import App, BeingDestroyed, default_formation
from releases.domain.app_json import FILE, EnvVar
from releases.domain.config import StagedConfig, check_size
from releases.domain.desired import Desired
from releases.domain.release import Artifact, Release
from releases.rollout.converge import begin
from releases.rollout.env import completed
from releases.rollout.rollout import Rollout

NOTHING_STAGED = StagedConfig()


@dataclass(frozen=True)
class Wanted:
    """A release that is to be: what it runs, with which config, who wants it and why."""

    artifact: Artifact
    config: Mapping[str, str]  # all of it, with what is staged
    who: str
    why: str
    staged: StagedConfig = NOTHING_STAGED  # went into the config
    env: Mapping[str, EnvVar] = field(default_factory=dict)  # what the config has to have


def release_anew(rollout: Rollout, wanted: Wanted, how: Desired) -> str:
    """Write the release and roll it out; return the line that ends it.

    `how` says of the rollout what is not in the release: its number and processes are set here.
    """
    app = open_app(rollout)
    release = _written(rollout, wanted)
    rollout.log.step(f"Releasing {release.name}: {release.why}")
    processes = formation(app, wanted.artifact)
    staged = wanted.staged.version
    new = replace(how, release=release.number, formation=processes, staged=staged, terms=app.terms)
    begin(rollout, new)
    if how.stopped:
        return f"{release.name} is live; {app.name} is stopped until `ps:start {app.name}`"
    return f"{release.name} is live, {where(rollout, release)}"


def _written(rollout: Rollout, wanted: Wanted) -> Release:
    app, config, why = rollout.lock.app, wanted.config, wanted.why
    if wanted.staged.version:
        why = f"{why}; {wanted.staged.change.title}"
    config = completed(app, config, wanted.env)
    if added := sorted(set(config) - set(wanted.config) - set(wanted.staged.change.values)):
        rollout.log.detail(f"Config that {FILE} brings: {', '.join(added)}")
    check_size(config)
    number = rollout.store.apps.next_release(app)
    release = Release(app, number, wanted.artifact, config, wanted.who, time.time(), why)
    rollout.store.releases.add(release, rollout.lock)
    return release


def formation(app: App, artifact: Artifact) -> dict[str, int]:
    """What app.json says, what was asked for, or one web, for the process types that there are."""
    default = default_formation(artifact.processes)
    asked = {**default, **app.formation, **artifact.app_json.formation}
    return {name: asked[name] for name in default}


def open_app(rollout: Rollout) -> App:
    """The app; BeingDestroyed."""
    app = rollout.store.apps.get(rollout.lock.app)
    if app.destroying:
        raise BeingDestroyed(app.name)
    return app


def live_release(rollout: Rollout, app: App) -> Release | None:
    """What serves now."""
    return rollout.store.releases.get(app.name, app.live.release) if app.live else None


def where(rollout: Rollout, release: Release) -> str:
    """Its address, for the line that ends a rollout."""
    if "web" not in release.artifact.processes:
        return "without a web process"
    return rollout.settings.url(rollout.settings.host(release.app))
