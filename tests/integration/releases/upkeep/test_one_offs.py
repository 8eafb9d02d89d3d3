"""When one-offs go that nobody attends, and what is noted of those that ended."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from releases.domain.one_off import OneOff, Run
from releases.platform import Platform
from releases.rollout.destroy import destroy
from releases.store.events import ENDED
from releases.store.locks import Lease
from releases.upkeep.one_offs import OneOffs
from tests.fakes import examples
from tests.integration.releases.conftest import Shop
from tests.services import wait_for

pytestmark = pytest.mark.integration
NOW = 2_000_000_000.0


@dataclass
class Upkeep:
    """The shop's one-offs, a clock, and looks that come back when all is done."""

    shop: Shop
    platform: Platform
    now: float = NOW
    one_offs: OneOffs = field(init=False)

    def __post_init__(self) -> None:
        self.one_offs = OneOffs(self.platform, self.shop.engine, clock=lambda: self.now)

    def look(self) -> list[str]:
        """Look once; the names of those that are left."""
        self.one_offs.look()
        wait_for(self.one_offs.is_idle, "one-offs to stop")
        return [one.name for one in self.shop.engine.one_offs()]

    def start(self, number: int, until: float = 0.0, app: str = "shop") -> OneOff:
        """run.1, attended unless it has an end."""
        self.shop.engine.detach(Run(examples.release(app), number, ["ls"], "ada", until=until))
        return next(one for one in self.shop.engine.one_offs(app) if one.name == f"run.{number}")

    def events(self) -> list[str]:
        """What is noted of ends."""
        latest = self.platform.store.events.latest(10)
        return [f"{event.key}: {event.text}" for event in latest if event.kind == ENDED]


@pytest.fixture
def upkeep(shop: Shop, platform: Platform) -> Upkeep:
    """Nothing runs."""
    return Upkeep(shop, platform)


def attended(upkeep: Upkeep, one: OneOff) -> "Callable[[], None]":
    """Attend it until the returned function is called."""
    held = upkeep.platform.store.locks.try_hold(one.lease, "Attend", Lease(10.0, comes_back=True))
    held.__enter__()
    return lambda: bool(held.__exit__(None, None, None)) and None


def test_an_attended_one_stays_as_long_as_somebody_is_there(upkeep: Upkeep) -> None:
    leave = attended(upkeep, upkeep.start(1))
    assert [upkeep.look() for _ in range(3)] == [["run.1"]] * 3
    leave()
    assert upkeep.look() == ["run.1"]  # whoever attends it may be about to say so again
    assert upkeep.look() == []


def test_one_that_is_attended_again_in_between_stays(upkeep: Upkeep) -> None:
    one = upkeep.start(1)
    assert upkeep.look() == ["run.1"]
    leave = attended(upkeep, one)
    assert upkeep.look() == ["run.1"]
    leave()
    assert upkeep.look() == ["run.1"]


def test_a_detached_one_is_stopped_when_its_time_is_up(upkeep: Upkeep) -> None:
    upkeep.start(1, until=NOW + 10)
    upkeep.start(2, until=NOW + 100)
    assert upkeep.look() == ["run.1", "run.2"]
    upkeep.now = NOW + 11
    assert upkeep.look() == ["run.2"]
    assert upkeep.events() == ["ada: run.1 of shop is stopped: its time is up"]


def test_the_end_of_a_detached_one_is_noted_once_and_its_output_kept_a_while(
    upkeep: Upkeep,
) -> None:
    upkeep.shop.engine.dying.add("run.1")
    one = upkeep.start(1, until=NOW + 100)
    upkeep.shop.engine.ended_at[one.container.id] = NOW
    assert [upkeep.look() for _ in range(3)] == [["run.1"]] * 3
    assert upkeep.events() == ["ada: run.1 of shop ended with exit status 3"]
    upkeep.now = NOW + upkeep.platform.settings.one_off_output_s + 1
    assert upkeep.look() == []
    assert len(upkeep.events()) == 1


def test_one_that_was_made_and_never_started_goes(upkeep: Upkeep) -> None:
    one = upkeep.start(1, until=NOW + 100)
    made = replace(one, container=replace(one.container, state="created"))
    upkeep.shop.engine.lonely[one.container.id] = made
    assert [upkeep.look() for _ in range(2)] == [["run.1"], []]


def test_one_whose_app_is_gone_goes(upkeep: Upkeep) -> None:
    upkeep.start(1, until=NOW + 100, app="gone")
    upkeep.start(2, until=NOW + 100)
    assert upkeep.look() == ["run.2"]


def test_one_offs_go_with_their_app(upkeep: Upkeep) -> None:
    upkeep.start(1, until=NOW + 100)
    upkeep.shop.store.apps.mark_destroying("shop")
    with upkeep.shop.open() as rollout:
        destroy(rollout)
    assert upkeep.shop.engine.one_offs() == []


def test_numbers_of_one_offs_are_never_used_twice(shop: Shop) -> None:
    assert [shop.store.apps.next_one_off("shop") for _ in range(3)] == [1, 2, 3]
