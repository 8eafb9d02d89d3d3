"""Random histories of two apps: whatever is asked and whoever dies, one whole release serves.

FUZZ_EXAMPLES makes it longer: 300 take some ten minutes on a busy machine.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from releases.settings import Settings
from releases.vault import Vault
from tests.integration.releases.property.driver import Driver, Job
from tests.integration.releases.property.fate import Fate, MortalRedis, Strike
from tests.integration.releases.property.machine import ILLNESSES
from tests.integration.releases.property.model import Image
from tests.integration.releases.property.world import World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(3600)]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
IS_LONG = "FUZZ_EXAMPLES" in os.environ  # a long run looks for what is new, the usual one repeats
APPS = ("shop", "cafe")
TYPES = (("web",), ("web", "worker"), ("web", "worker", "clock"), ("worker",))

apps = st.sampled_from(APPS)
strikes = st.builds(
    Strike,
    kind=st.just("engine"),
    call=st.integers(1, 14),
    after=st.booleans(),
) | st.builds(Strike, kind=st.just("redis"), call=st.integers(1, 32), after=st.booleans())
fates = st.none() | st.none() | strikes
counts = st.dictionaries(
    st.sampled_from(("web", "worker", "clock")), st.integers(0, 2), min_size=1, max_size=2
)
values = st.sampled_from(("1", "2", None))
config_changes = st.dictionaries(st.sampled_from("AB"), values, min_size=1, max_size=2)
hosts = st.sampled_from(("www.example.com", "*.example.com"))
routers = st.sampled_from(("r1", "r2"))
some = st.integers(0, 30)
illnesses = st.just("") | st.just("") | st.sampled_from(sorted(ILLNESSES))


@st.composite
def askings(draw: st.DrawFn) -> Callable[[Driver, str], Job]:
    """Anything that is asked of an app, but for a push."""
    change, asked, number = draw(config_changes), draw(counts), draw(st.integers(0, 6))
    return draw(
        st.sampled_from(
            (
                lambda driver, app: driver.change_config(app, change),
                lambda driver, app: driver.scale(app, asked),
                lambda driver, app: driver.roll_back(app, 0),
                lambda driver, app: driver.roll_back(app, number),
                lambda driver, app: driver.undo(app, driver.models[app].state.live),
                lambda driver, app: driver.undo(app, number),
                lambda driver, app: driver.restart(app),
            )
        )
    )


class Histories(RuleBasedStateMachine):
    """One history; `make_world` is set by the test."""

    make_world: Callable[[], World]

    def __init__(self) -> None:
        super().__init__()
        self.driver = Driver(type(self).make_world(), APPS)
        self.commits = 0

    @initialize(
        types=st.lists(st.none() | st.sampled_from(TYPES), min_size=2, max_size=2),
        is_routed=st.booleans(),
    )
    def push_first(self, types: list[tuple[str, ...] | None], is_routed: bool) -> None:
        if is_routed:
            self.driver.join("r1")
        for app, known in zip(APPS, types, strict=True):
            if known:
                self.push(app, known, "", None)

    @rule(app=apps, types=st.sampled_from(TYPES), illness=illnesses, fate=fates)
    def push_new(self, app: str, types: tuple[str, ...], illness: str, fate: Strike | None) -> None:
        self.push(app, types, illness, fate)

    def push(self, app: str, types: tuple[str, ...], illness: str, fate: Strike | None) -> None:
        self.commits += 1
        name = f"{self.commits:x}"
        image = Image(f"sha256:{name}", name.zfill(40), types, illness)
        self.driver.build(app, image)
        self.driver.run(self.driver.deploy(app), fate)

    @rule(app=apps, at=some, is_anew=st.booleans(), fate=fates)
    def deploy_again(self, app: str, at: int, is_anew: bool, fate: Strike | None) -> None:
        """A commit that was pushed before: pushed once more, or its old job run once more."""
        builds = self.driver.builds[app]
        if not builds:
            return
        _, image = builds[at % len(builds)]
        if is_anew and image:
            self.driver.build(app, image)
        self.driver.run(self.driver.deploy(app, -1 if is_anew else at % len(builds)), fate)

    @rule(app=apps)
    def push_what_cannot_be_built(self, app: str) -> None:
        self.driver.failed_build(app)
        self.driver.run(self.driver.deploy(app))

    @rule(app=apps, asking=askings(), fate=fates)
    def ask(self, app: str, asking: Callable[[Driver, str], Job], fate: Strike | None) -> None:
        self.driver.run(asking(self.driver, app), fate)

    @rule(app=apps, asking=askings(), strike=strikes, other=askings())
    def ask_a_worker_that_stalls(
        self,
        app: str,
        asking: Callable[[Driver, str], Job],
        strike: Strike,
        other: Callable[[Driver, str], Job],
    ) -> None:
        if self.driver.models[app].state.live:  # before, all is written without a fence
            self.driver.run_stalled(asking(self.driver, app), strike, other(self.driver, app))

    @rule(app=apps, change=config_changes)
    def stage(self, app: str, change: dict[str, str | None]) -> None:
        self.driver.stage(app, change)

    @rule(app=apps, host=hosts, is_added=st.booleans())
    def change_domains(self, app: str, host: str, is_added: bool) -> None:
        change = self.driver.claim if is_added else self.driver.give_back
        change(app, host)

    @rule(app=apps, fate=fates)
    def converge(self, app: str, fate: Strike | None) -> None:
        self.driver.converge(app, fate)

    @rule(fate=fates, stops=st.booleans())
    def look(self, fate: Strike | None, stops: bool) -> None:
        self.driver.look(fate, stops=stops)

    @rule(seconds=st.sampled_from((5, 31, 601)))
    def time_passes(self, seconds: int) -> None:
        self.driver.world.passes(seconds)
        self.driver.world.resync()

    @rule(
        name=routers, does=st.sampled_from(("joins", "confirms", "leaves")), busy=st.none() | some
    )
    def router(self, name: str, does: str, busy: int | None) -> None:
        if does == "joins":
            self.driver.join(name)
        elif does == "confirms":
            self.driver.confirm(name, busy)
        else:
            self.driver.leave(name)

    @rule(what=st.sampled_from(("reboot", "one ends", "one is removed by hand")), at=some)
    def machine(self, what: str, at: int) -> None:
        machine = self.driver.world.machine
        if what == "reboot":
            self.driver.reboot()
        else:
            self.driver.hit(at, machine.kill if what == "one ends" else machine.remove)

    @rule()
    def settle(self) -> None:
        self.driver.settle()

    def teardown(self) -> None:
        self.driver.settle()


@pytest.fixture
def make_world(redis_url: str, home: Path) -> Callable[[], World]:
    """A world over an empty Redis."""
    MortalRedis.fate = Fate()
    client = MortalRedis.from_url(redis_url, decode_responses=True, protocol=2, driver_info=None)
    values = Settings(home=home, redis_url=redis_url, instance="paas-test", subnet="10.214.0.0/16")
    vault = Vault.open(values.secret_key)

    def make() -> World:
        client.flushall()
        return World(values, client, vault)

    return make


def test_whatever_is_asked_and_whoever_dies_one_whole_release_serves(
    make_world: Callable[[], World],
) -> None:
    made = type("Made", (Histories,), {"make_world": staticmethod(make_world)})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            derandomize=not IS_LONG,
            phases=[Phase.generate, Phase.shrink],
            report_multiple_bugs=False,
        ),
    )
