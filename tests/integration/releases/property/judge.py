"""Compares the platform with the model: after every job, and more closely once it is at rest."""

from dataclasses import replace

from releases.domain.container import FROZEN, Container, Slot, slots
from releases.domain.release import NEXT_STATUS, Release, ReleaseStatus
from tests.integration.releases.property.model import MENDS, AppModel, Past, Plan, Staged, State
from tests.integration.releases.property.world import Outcome, World

Routes = dict[str, tuple[str, tuple[str, ...]]]


class Judge:
    """Remembers what was seen of each release, for that must never change."""

    def __init__(self, world: World, models: dict[str, AppModel]) -> None:
        self._world = world
        self._models = models
        self._seen: dict[tuple[str, int], tuple[Release, ReleaseStatus]] = {}
        self._told: dict[str, tuple[AppModel, int]] = {}  # log -> the release it tells of

    # What came of a job.

    def job(self, model: AppModel, plan: Plan, outcome: Outcome, before: Routes) -> None:
        """Let the model go where the job went, and see that this was a legal place."""
        self._learn(model)
        if outcome.killed:
            self._interrupted(model, plan, outcome)
        else:
            self._ended(model, plan, outcome)
        if outcome.refused:
            assert self._world.routes() == before, "a refused job changed the routes"
        self.check()

    def _ended(self, model: AppModel, plan: Plan, outcome: Outcome) -> None:
        should = not plan.is_refused and plan.is_healthy
        assert outcome.done == should, f"{plan}, but {outcome}"
        assert self._world.store.locks.holder(model.name) is None
        if plan.puts_aside or plan is model.under_way:
            model.under_way = None
        if should:
            self._tells(model, self._numbered(model, plan), outcome.log)
            model.become(self._numbered(model, plan))
            model.is_dirty = model.is_dirty and not plan.mends

    def _numbered(self, model: AppModel, plan: Plan) -> Plan:
        return replace(plan, number=plan.number or max(model.history, default=0))

    def _interrupted(self, model: AppModel, plan: Plan, outcome: Outcome) -> None:
        """The old or the new serves whole; or the new is still to come."""
        app = self._world.store.apps.get(model.name)
        before, model.is_dirty = model.under_way, True
        if app.target and before and app.target.log == before.log:
            if self._world.store.logs.has_ended(before.log):
                model.under_way = replace(MENDS, log=before.log)  # told it failed: so it does
            return  # it had not come to putting aside
        if app.target:
            assert app.target.log == outcome.log
            assert plan.puts_aside
            model.under_way = replace(plan, number=app.target.release, log=outcome.log)
            self._tells(model, model.under_way, outcome.log)
            return
        assert not before or plan.puts_aside or plan is before, "what was begun is lost"
        model.under_way = None
        if app.live and app.live.log == outcome.log and plan.after:
            self._tells(model, replace(plan, number=app.live.release), outcome.log)
            model.become(replace(plan, number=app.live.release))
        elif not plan.is_rollout and plan.after == self._state(model):
            model.become(plan)
        model.is_dirty = True

    def _tells(self, model: AppModel, plan: Plan, log: str) -> None:
        if plan.is_release:
            self._told[log] = (model, plan.number)

    def _learn(self, model: AppModel) -> None:
        """New releases, whose numbers go up; old ones are as they were, with a legal status."""
        for release, state in reversed(self._world.store.releases.list(model.name)):
            key = (model.name, release.number)
            if key in self._seen:
                known, status = self._seen[key]
                assert known == release, "a release was changed"
                assert _is_legal(status, state.status), f"{status} -> {state.status}"
            else:
                artifact = release.artifact
                assert artifact.image in model.images
                past = Past(artifact.image, artifact.build, release.config)
                model.history[release.number] = past
            self._seen[key] = (release, state.status)

    def latecomer(self, model: AppModel) -> None:
        """A worker went on whose lock had passed on: it changed nothing that counts."""
        self._learn(model)
        model.is_dirty = True
        self.check()

    # At any time.

    def check(self) -> None:
        """All that holds after every step."""
        for model in self._models.values():
            assert self._state(model) == model.state
            self._check_statuses(model)
            self._check_config(model)
            self._check_slots(model)
        self._check_routes()

    def _state(self, model: AppModel) -> State:
        store, app = self._world.store, self._world.store.apps.get(model.name)
        config, change = store.configs.config(app.name), store.configs.staged(app.name).change
        both = {**dict.fromkeys(change.removed), **change.values}
        staged = Staged(tuple(sorted(both.items())))
        if not app.live:
            return State(asked=app.formation, config=config, staged=staged)
        made = store.releases.get(app.name, app.live.release).artifact
        return State(
            app.live.release,
            made.image,
            made.build,
            app.formation,
            app.live.formation,
            config,
            staged,
        )

    def _check_statuses(self, model: AppModel) -> None:
        for number, may_be in model.statuses(at_rest=is_at_rest(model)).items():
            _, status = self._seen[model.name, number]
            assert status in may_be, f"v{number} is {status}, not {may_be}"

    def _check_config(self, model: AppModel) -> None:
        if live := model.state.live:
            assert model.state.config == self._seen[model.name, live][0].config

    def _check_slots(self, model: AppModel) -> None:
        filled = [one.slot for one in self._containers(model) if not one.condemned]
        assert len(filled) == len(set(filled)), "two containers for one slot"

    def _containers(self, model: AppModel) -> list[Container]:
        return self._world.machine.containers(model.name)

    def _check_routes(self) -> None:
        """Of every host: its own app's containers; at rest, exactly those that serve."""
        routes, at_rest = self._world.routes(), True
        for model in self._models.values():
            if not is_at_rest(model):
                at_rest = False
                continue
            assert self._world.store.apps.get(model.name).target is None
            expected = self._expected(model)
            assert {host: of for host, of in routes.items() if of[0] == model.name} == expected
        if at_rest:
            assert {app for app, _ in routes.values()} <= set(self._models)
        self._check_backends(routes)

    def _check_backends(self, routes: Routes) -> None:
        owners = {one.backend: one for one in self._world.machine.all()}
        for host, (app, backends) in routes.items():
            for one in (owners[backend] for backend in backends if backend in owners):
                assert one.app == app, f"{host} leads to {one.app}"
                assert not one.condemned, f"{host} leads to a container on its way out"

    def _expected(self, model: AppModel) -> Routes:
        if not model.state.live or "web" not in model.images[model.state.image].types:
            return {}
        live = self._world.store.apps.get(model.name).live
        web = sorted(
            (
                one
                for one in self._containers(model)
                if one.slot in slots(live) and one.slot.process_type == "web" and not one.condemned
            ),
            key=lambda one: one.slot.index,
        )
        assert len(web) == model.state.formation["web"]
        assert all(self._world.machine.answers(one.address, one.port) for one in web)
        backends = tuple(one.backend for one in web)
        hosts = [self._world.settings.host(model.name), *model.domains]
        return dict.fromkeys(hosts, (model.name, backends))

    # When all was finished, every router has confirmed and enough looks were had.

    def check_rest(self) -> None:
        """Nothing is orphaned: what is there is what serves, and what is kept to go back to."""
        for model in self._models.values():
            assert is_at_rest(model)
            app = self._world.store.apps.get(model.name)
            have = {one.slot: one.state for one in self._containers(model)}
            assert len(have) == len(self._containers(model))
            serving, kept = slots(app.live), _web(slots(app.previous))
            assert {slot for slot, state in have.items() if state == "running"} == serving
            rest = {slot: state for slot, state in have.items() if slot not in serving}
            assert set(rest) <= kept
            assert set(rest.values()) <= {FROZEN}
        self._check_verdicts()
        self.check()

    def _check_verdicts(self) -> None:
        """Nobody waits, and whoever was told that it failed finds it so."""
        for log, (model, number) in self._told.items():
            verdicts = [entry for entry in self._world.store.logs.read(log) if entry.ended]
            assert verdicts, f"whoever follows v{number} of {model.name} waits for ever"
            was_live = model.history[number].was_live
            assert verdicts[0].ok == was_live, f"v{number} of {model.name}: {verdicts[0].line}"


def _is_legal(status: ReleaseStatus, after: ReleaseStatus) -> bool:
    is_undone = status is ReleaseStatus.LIVE and after is ReleaseStatus.FAILED  # whom one blames
    return status is after or after in NEXT_STATUS[status] or is_undone


def is_at_rest(model: AppModel) -> bool:
    """Whether nothing is left for a converge to do."""
    return not model.is_dirty and model.under_way is None


def _web(found: frozenset[Slot]) -> frozenset[Slot]:
    return frozenset(slot for slot in found if slot.process_type == "web")
