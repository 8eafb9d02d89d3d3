"""How a new release proves itself on a share of the requests before it gets all of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from releases.domain.app import App
from releases.domain.canary import Canary, Word
from releases.domain.container import Container, slots, web
from releases.domain.desired import Desired
from releases.domain.release import Release
from releases.domain.route import Route, shares
from releases.domain.traffic import COUNTED_EVERY_S, Thresholds, Traffic, verdict
from releases.errors import PaasError
from releases.rollout.flip import hosts, wait_acknowledged
from releases.rollout.health import deaths, restarts_of
from releases.rollout.rollout import Rollout
from releases.store.connection import Wakeups

_THRESHOLDS = Thresholds()


class CanaryFailed(PaasError):
    """The new release did worse than the one before, or somebody aborted it."""


@dataclass(frozen=True)
class Trial:
    """A canary under way: who is compared with whom. Addresses are `10.213.0.7:5000`."""

    release: Release
    canary: Canary
    old: str  # the name of the release that it is compared with
    of_old: tuple[str, ...]
    of_new: tuple[str, ...]
    before: Traffic  # of the old one, when this began


def prove(rollout: Rollout, release: Release, target: Desired, new: Sequence[Container]) -> None:
    """Give the new web processes their share until its time is up; CanaryFailed.

    Killed in the middle and called again, it goes on with the time that is left.
    """
    if not target.canary:
        return
    app = rollout.store.apps.get(release.app)
    old, fresh = _serving(rollout, app), web(new)
    if not app.live or not old or not fresh:
        return
    _share(rollout, release, target.canary, [*old], [*fresh])
    trial = Trial(
        release,
        _begun(rollout, target, target.canary),
        f"v{app.live.release}",
        tuple(one.socket for one in old),
        tuple(one.socket for one in fresh),
        rollout.store.traffic.of([one.socket for one in old]),
    )
    rollout.store.traffic.watch(app.name, trial.canary.ends_at)
    rollout.log.step(f"{release.name} gets {target.canary}")
    rollout.log.detail(
        f"`releases:promote {app.name}` and `releases:abort {app.name}` do not wait for its end"
    )
    with rollout.store.canary_words(app.name) as words:
        _follow(rollout, trial, new, words)


def _follow(rollout: Rollout, trial: Trial, new: Sequence[Container], words: Wakeups) -> None:
    engine, apps = rollout.engine, rollout.store.apps
    restarts = restarts_of(engine, new)
    while True:  # judged once more when its time is up: whoever followed it before may have died
        left_s = trial.canary.ends_at - time.time()
        deaths(engine, new, restarts)
        if why := _worse(rollout, trial):
            raise CanaryFailed(f"{trial.release.name} did worse on its share: {why}")
        said = apps.canary_word(trial.release.app, trial.release.number)
        if said and said.word is Word.PROMOTE:
            rollout.log.step(f"Promoted by {said.who}")
            return
        if said:
            raise CanaryFailed(f"{trial.release.name} was aborted by {said.who}")
        if left_s <= 0:
            return
        words.wait(min(left_s, COUNTED_EVERY_S))  # a word of a person is heard at once


def _worse(rollout: Rollout, trial: Trial) -> str:
    traffic = rollout.store.traffic
    before = traffic.of(trial.of_old) - trial.before
    return verdict(before, traffic.of(trial.of_new), _THRESHOLDS, trial.old)


def _serving(rollout: Rollout, app: App) -> list[Container]:
    """The web processes that the routes name now."""
    wanted = slots(app.live)
    there = rollout.engine.containers(app.name)
    return web([one for one in there if one.slot in wanted and one.serves])


def _share(
    rollout: Rollout,
    release: Release,
    canary: Canary,
    old: Sequence[Container],
    new: Sequence[Container],
) -> None:
    olds, news = [one.backend for one in old], [one.backend for one in new]
    weights = shares(olds, news, canary.percent)
    routes = [Route(host, release.app, (*olds, *news), weights) for host in hosts(rollout, release)]
    wait_acknowledged(rollout, rollout.store.routes.publish(rollout.lock, routes))


def _begun(rollout: Rollout, target: Desired, canary: Canary) -> Canary:
    """The canary with its beginning, which outlives this process."""
    if not canary.began_at:
        canary = replace(canary, began_at=time.time())
        rollout.store.apps.set_target(rollout.lock, replace(target, canary=canary))
    return canary


def take_back(rollout: Rollout, app: App) -> None:
    """Have what is live get all requests again."""
    if not app.live:
        return
    release = rollout.store.releases.get(app.name, app.live.release)
    backends = tuple(one.backend for one in _serving(rollout, app))
    routes = [Route(host, app.name, backends) for host in hosts(rollout, release)]
    wait_acknowledged(rollout, rollout.store.routes.publish(rollout.lock, routes))
