"""What is asked of the processes of a release that is live: how many, begun afresh, stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from releases.domain.app import App, BadScale, NotDeployed
from releases.domain.app_json import FILE
from releases.domain.container import slots
from releases.domain.desired import Desired
from releases.domain.release import Release
from releases.errors import BadInput, PaasError
from releases.rollout.converge import begin
from releases.rollout.give_up import put_aside
from releases.rollout.releasing import live_release, open_app, where
from releases.rollout.rollout import Rollout


class NoSuchProcess(BadInput):
    """A process was named that does not run; nothing was changed."""


class IsStopped(PaasError):
    """What was asked for makes no sense while the app is stopped."""


def scale(rollout: Rollout, counts: Mapping[str, int]) -> str:
    """Run so many of each named process type, and the others as before."""
    app = open_app(rollout)
    live = live_release(rollout, app)
    if live is None or app.live is None:
        put_aside(rollout)  # or a first deploy that was interrupted brings back its own formation
        rollout.store.apps.set_formation(app.name, {**app.formation, **counts})
        return f"{_counts(counts)} from the first deploy on"
    for name in sorted(counts):
        check_type(rollout, app, name)
    _check_app_json(live, counts)
    change_processes(rollout, replace(app.live, formation={**app.live.formation, **counts}))
    runs = f"{_counts({**app.live.formation, **counts})}"
    if app.live.stopped:
        return f"{runs} once {app.name} is started; it is stopped"
    return f"{live.name} runs {runs}"


def check_type(rollout: Rollout, app: App, process_type: str) -> None:
    """BadScale unless the release that is live has it; before the first one, any may come."""
    live = live_release(rollout, app)
    if live and process_type not in live.artifact.processes:
        known = ", ".join(sorted(live.artifact.processes))
        raise BadScale(f"{app.name} has no process type {process_type}; {live.name} has {known}")


def _check_app_json(live: Release, counts: Mapping[str, int]) -> None:
    said = live.artifact.app_json.formation
    for name in sorted(said.keys() & counts.keys()):
        raise BadScale(
            f"{FILE} of {live.name} sets {name}={said[name]}; change its formation there and push"
        )


def restart(rollout: Rollout, names: Sequence[str] = ()) -> str:
    """Replace every container, or those of `web` or `web.1`, by new ones of the same release."""
    app = open_app(rollout)
    release, live = _live(rollout, app)
    if live.stopped:
        raise IsStopped(f"{app.name} is stopped; `ps:start {app.name}` starts it")
    for name in names:
        _check_runs(app, live, name)
    change_processes(rollout, live.restarted(*names))
    what = f"{', '.join(names)} of {release.name}" if names else release.name
    return f"{what} was restarted, {where(rollout, release)}"


def stop(rollout: Rollout) -> str:
    """Run nothing until the app is started or deployed; its hosts stay, and answer 503."""
    app = open_app(rollout)
    _, live = _live(rollout, app)
    if live.stopped and app.target is None:
        return f"{app.name} is stopped already"
    change_processes(rollout, replace(live, stopped=True))
    return f"{app.name} is stopped; `ps:start {app.name}` starts it"


def start(rollout: Rollout) -> str:
    """Run again what was stopped."""
    app = open_app(rollout)
    release, live = _live(rollout, app)
    if not live.stopped and app.target is None:
        return f"{app.name} is not stopped; {release.name} is live, {where(rollout, release)}"
    change_processes(rollout, replace(live, stopped=False))
    return f"{release.name} runs again, {where(rollout, release)}"


def change_processes(rollout: Rollout, desired: Desired) -> None:
    """Begin a rollout of the live release with other processes."""
    begin(rollout, desired.kept())


def _live(rollout: Rollout, app: App) -> tuple[Release, Desired]:
    release = live_release(rollout, app)
    if release is None or app.live is None:
        raise NotDeployed(app.name)
    return release, app.live


def _check_runs(app: App, live: Desired, name: str) -> None:
    running = {one.name for one in slots(live)} | {one.process_type for one in slots(live)}
    if name not in running:
        raise NoSuchProcess(
            f"{app.name} has no process {name[:40]}: it runs {_counts(live.formation)}"
        )


def _counts(counts: Mapping[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in sorted(counts.items()))
