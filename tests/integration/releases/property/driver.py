"""What can be asked of an app or befall it, done to the platform and to the model alike."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from releases.domain.build import Build
from releases.domain.config import ConfigChange
from releases.domain.container import FROZEN, Container, slots
from releases.rollout import changes, processes, rollback
from releases.rollout.rollout import Rollout
from tests.integration.releases.property.fate import Strike
from tests.integration.releases.property.judge import Judge
from tests.integration.releases.property.model import AppModel, Image, Plan
from tests.integration.releases.property.world import Outcome, World

ENOUGH_LOOKS = 8


@dataclass(frozen=True)
class Job:
    """What is asked of a release worker, and what it should come to."""

    app: str
    plan: Callable[[], Plan]  # when the job begins
    act: Callable[[Rollout], str]


@dataclass
class Router:
    """What a router has loaded: addresses that it may send requests to."""

    names: set[str] = field(default_factory=set)
    inflight: set[str] = field(default_factory=set)


class Driver:
    """Two apps, their models, the routers, and who judges."""

    def __init__(self, world: World, apps: tuple[str, ...]) -> None:
        self.world = world
        self.images: dict[str, Image] = {}
        self.models = {app: AppModel(app, self.images) for app in apps}
        self.builds: dict[str, list[tuple[Build, Image | None]]] = {app: [] for app in apps}
        self.routers: dict[str, Router] = {}
        self.judge = Judge(world, self.models)
        for app in apps:
            world.store.apps.create(app, "ada")

    # Jobs.

    def run(self, job: Job, strike: Strike | None = None) -> None:
        """To its end, or until its worker is killed."""
        model, before = self.models[job.app], self.world.routes()
        plan = job.plan()
        outcome = self.world.run(job.app, job.act, strike)
        self.judge.job(model, plan, outcome, before)

    def run_stalled(self, job: Job, strike: Strike, other: Job) -> None:
        """Its worker stalls there, another job of the app runs, and then it goes on."""
        model, before, stalled = self.models[job.app], self.world.routes(), False
        log, plan = self.world.store.logs.new(job.app), job.plan()

        def meanwhile() -> None:
            nonlocal stalled
            stalled = True
            self.judge.job(model, plan, Outcome(log, killed=True), before)
            self.run(other)

        happens = self.world.stalled(job.app, meanwhile)
        outcome = self.world.run(job.app, job.act, strike, log=log, meanwhile=happens)
        if stalled:
            self.judge.latecomer(model)
        else:
            self.judge.job(model, plan, outcome, before)

    def converge(self, app: str, strike: Strike | None = None) -> None:
        """As the upkeep asks for it."""
        model, before = self.models[app], self.world.routes()
        plan = model.converge()
        outcome = self.world.converge(app, strike)
        self.judge.job(model, plan, outcome, before)

    def build(self, app: str, image: Image) -> Build:
        """Of a commit, be it built already."""
        self.images[image.name] = image
        if image.illness:
            self.world.machine.ill[image.name] = image.illness
        lines: dict[str, str | None] = dict.fromkeys(image.types, "run")
        build = self.world.built(app, image.name, image.commit, lines)
        self.builds[app].append((build, image))
        return build

    def failed_build(self, app: str) -> None:
        """Nothing came of it."""
        self.builds[app].append((self.world.failed_build(app, "f" * 40), None))

    def deploy(self, app: str, at: int = -1) -> Job:
        """Of one of the builds; the newest unless said otherwise."""
        build, image = self.builds[app][at]
        model = self.models[app]
        return Job(
            app, lambda: model.deploy(image, build.number), lambda it: changes.deploy(it, build)
        )

    def change_config(self, app: str, change: Mapping[str, str | None]) -> Job:
        """Of the app's processes."""
        model, asked = self.models[app], config_change(change)
        return Job(
            app,
            lambda: model.change_config(change),
            lambda it: changes.change_config(it, asked, "ada"),
        )

    def scale(self, app: str, counts: Mapping[str, int]) -> Job:
        """To so many of each type that is named."""
        model = self.models[app]
        return Job(app, lambda: model.scale(counts), lambda it: processes.scale(it, counts))

    def restart(self, app: str) -> Job:
        """All of it."""
        return Job(app, self.models[app].restart, processes.restart)

    def roll_back(self, app: str, number: int) -> Job:
        """To a number, 0 for the one before."""
        model = self.models[app]
        return Job(
            app, lambda: model.roll_back(number), lambda it: rollback.roll_back(it, number, "ada")
        )

    def undo(self, app: str, number: int) -> Job:
        """As the watch asks for it."""
        model = self.models[app]
        return Job(app, lambda: model.undo(number), lambda it: rollback.undo(it, number, "slow"))

    # What takes no lock.

    def stage(self, app: str, change: Mapping[str, str | None]) -> None:
        """Config for the next release."""
        self.world.store.configs.stage(app, config_change(change))
        self.models[app].stage(change)

    def claim(self, app: str, host: str) -> None:
        """A domain of its own, where no other app has it."""
        if self.world.store.routes.claim_domain(app, host):
            self.models[app].domains.add(host)
            self.models[app].is_dirty = True
        else:
            assert any(host in model.domains for model in self.models.values())

    def give_back(self, app: str, host: str) -> None:
        """No domain of its own any more."""
        had = host in self.models[app].domains
        assert self.world.store.routes.release_domain(app, host) == had
        self.models[app].domains.discard(host)
        self.models[app].is_dirty |= had

    # Routers.

    def join(self, name: str) -> None:
        """It loads what there is, and has said nothing yet."""
        self.world.store.routes.join(name)
        self.routers.setdefault(name, Router(self._named()))

    def confirm(self, name: str, busy: int | None = None) -> None:
        """It has loaded what there is; requests may be in flight at what it named before."""
        if name not in self.routers:
            return
        old = sorted((self.routers[name].names | self.routers[name].inflight) - self._named())
        inflight = {old[busy % len(old)]} if old and busy is not None else set()
        self.routers[name] = Router(self._named(), inflight)
        counts = {address.removeprefix("http://"): 1 for address in inflight}
        version = self.world.store.routes.changes_since(0).version
        self.world.store.routes.acknowledge(name, version, counts)

    def leave(self, name: str) -> None:
        """Taken out by hand."""
        self.world.store.routes.leave(name)
        self.routers.pop(name, None)

    def _named(self) -> set[str]:
        return {one for _, backends in self.world.routes().values() for one in backends}

    # The upkeep, and the machine.

    def look(self, strike: Strike | None = None, *, stops: bool = True) -> bool:
        """One look of the upkeep; whatever it stops or freezes, nobody needed."""
        before = {one.id: one for one in self.world.machine.all()}
        is_busy = self.world.look(strike, stops=stops)
        now = {one.id: one for one in self.world.machine.all()}
        for identifier, one in before.items():
            self._check_touched(one, now.get(identifier))
        self.judge.check()
        return is_busy

    def _check_touched(self, before: Container, now: Container | None) -> None:
        is_stopped = now is None or (now.condemned and not before.condemned)
        is_frozen = now is not None and now.state == FROZEN != before.state
        if (not is_stopped and not is_frozen) or before.condemned:
            return
        app = self.world.store.apps.get(before.app)
        assert before.slot not in slots(app.live) | slots(app.target), "it is needed"
        named = {address for router in self.routers.values() for address in router.names}
        assert before.backend not in named, "a router may send requests to it"
        busy = {address for router in self.routers.values() for address in router.inflight}
        is_overdue = app.live and time.time() - app.live.flipped_at > self.world.settings.drain_s
        assert before.backend not in busy or (is_stopped and is_overdue), "requests are in flight"

    def hit(self, at: int, what: Callable[[Container], None]) -> None:
        """Something befalls one of the containers."""
        found = self.world.machine.all()
        if found:
            one = found[at % len(found)]
            self._forget_crashes(one.app)
            what(one)
            self.models[one.app].is_dirty = True

    def reboot(self) -> None:
        """Every container has ended."""
        self.world.machine.stop_all()
        for model in self.models.values():
            self._forget_crashes(model.name)
            model.is_dirty = True

    def _forget_crashes(self, app: str) -> None:
        """All has run well for long: what ends now is started again at once."""
        crashes = self.world.store.crashes
        for slot in crashes.of(app):
            crashes.forget(app, slot)

    def settle(self) -> None:
        """All is finished that was begun, all routers confirm, and the upkeep looks."""
        for model in self.models.values():
            while model.under_way or model.is_dirty:
                self.converge(model.name)
        for name in self.routers:
            self.confirm(name)
        self.world.resync()
        looks = 0
        while self.look():
            looks += 1
            assert looks < ENOUGH_LOOKS, "the upkeep finds no end"
        self.judge.check_rest()


def config_change(change: Mapping[str, str | None]) -> ConfigChange:
    """As commands make it."""
    values = {name: value for name, value in change.items() if value is not None}
    return ConfigChange(values, tuple(name for name, value in change.items() if value is None))
