"""What every engine promises: the one on Docker, and the fake in memory."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from releases.container import FROZEN, Container, Slot
from releases.engine.protocol import Condition, Engine, EngineFailed
from releases.release import Release
from tests.fakes import examples
from tests.fakes.engine import FakeEngine
from tests.services import wait_for

pytestmark = pytest.mark.docker
GRACE_S = 0.0
# Containers of `crash` end at once: Docker's because of the line, the fake's because of the name.
PROCESSES: dict[str, str | None] = {
    "web": None,
    "worker": "sleep 600",
    "crash": "echo Traceback; echo boom; exit 3",
}


@dataclass
class Contract:
    """An engine, an image that it has, and a way to stop a container behind its back."""

    engine: Engine
    image: str
    stop: Callable[[Container], None]

    def release(self, app: str = "myapp", number: int = 1) -> Release:
        """A release that can be started."""
        made = examples.artifact(image=self.image, processes=PROCESSES)
        return examples.release(app, number, made=made)

    def start(self, *names: str, app: str = "myapp", number: int = 1) -> list[Container]:
        """Start these slots: `web.1`."""
        slots = [slot(name, number) for name in names]
        return self.engine.start(self.release(app, number), slots)

    def names(self, app: str = "myapp") -> list[str]:
        """The slots of the app's containers, as they are listed."""
        return [one.slot.name for one in self.engine.containers(app)]

    def ended(self, container: Container) -> Condition:
        """The container's condition once it has ended."""
        seen: list[Condition] = []

        def has_ended() -> bool:
            seen.append(self.engine.condition(container))
            return not seen[-1].running

        wait_for(has_ended, f"{container.slot.name} to end")
        return seen[-1]


def slot(name: str, number: int = 1, boot: int = 0) -> Slot:
    """The slot called `web.1` of a release."""
    process_type, _, index = name.partition(".")
    return Slot(number, boot, process_type, int(index))


@pytest.fixture(params=["docker", "fake"])
def contract(request: pytest.FixtureRequest) -> Contract:
    """Both engines, one after the other."""
    if request.param == "docker":
        api: Any = request.getfixturevalue("api")
        engine = request.getfixturevalue("docker_engine")
        image = request.getfixturevalue("image")
        return Contract(engine, image, lambda one: api.stop(one.id, timeout=0))
    fake = FakeEngine()
    fake.dying, fake.images = {"crash.1"}, {examples.IMAGE}
    return Contract(fake, examples.IMAGE, lambda _: fake.stop_all())


def test_an_app_has_no_containers_until_some_are_started(contract: Contract) -> None:
    assert contract.engine.containers("myapp") == []


def test_start_fills_the_slots_that_were_asked_for(contract: Contract) -> None:
    started = contract.start("web.1", "worker.1")
    assert [one.slot for one in started] == [slot("web.1"), slot("worker.1")]
    assert {(one.app, one.state, one.port) for one in started} == {("myapp", "running", 5000)}
    assert not any(one.condemned for one in started)


def test_what_was_started_is_listed_as_it_was_returned(contract: Contract) -> None:
    started = contract.start("web.1", "worker.1")
    listed = contract.engine.containers("myapp")
    for one, other in zip(started, listed, strict=True):
        assert (one.id, one.slot, one.address) == (other.id, other.slot, other.address)
        assert (one.backend, one.state, one.app) == (other.backend, other.state, other.app)


def test_containers_are_listed_by_slot_and_release(contract: Contract) -> None:
    contract.start("worker.1", "web.2", "web.1")
    contract.start("web.1", number=2)
    listed = contract.engine.containers("myapp")
    assert [(one.slot.name, one.slot.release) for one in listed] == [
        ("web.1", 1), ("web.1", 2), ("web.2", 1), ("worker.1", 1),
    ]  # fmt: skip


def test_apps_do_not_see_each_others_containers(contract: Contract) -> None:
    contract.start("web.1")
    contract.start("web.1", "web.2", app="myapp-2")
    assert (contract.names("myapp"), contract.names("myapp-2")) == (["web.1"], ["web.1", "web.2"])


def test_every_container_has_an_address_of_its_own(contract: Contract) -> None:
    first = contract.start("web.1", "web.2", "web.3")
    second = contract.start("web.1", number=2)
    addresses = {one.address for one in [*first, *second]}
    assert len(addresses) == 4


def test_starting_nothing_starts_nothing(contract: Contract) -> None:
    assert contract.engine.start(contract.release(), []) == []
    contract.engine.start_again([])
    assert contract.names() == []


def test_a_slot_is_filled_once(contract: Contract) -> None:
    [first] = contract.start("web.1")
    with pytest.raises(EngineFailed, match=r"web\.1"):
        contract.start("web.1")
    assert [one.id for one in contract.engine.containers("myapp")] == [first.id]


def test_all_are_started_or_none_is_left(contract: Contract) -> None:
    contract.start("web.2")
    with pytest.raises(EngineFailed):
        contract.start("web.1", "web.2", "web.3", "worker.1")
    assert contract.names() == ["web.2"]


def test_one_that_runs_is_alive(contract: Contract) -> None:
    [one] = contract.start("web.1")
    condition = contract.engine.condition(one)
    assert condition.running
    assert not condition.has_died_since(0)
    assert (condition.restarts, condition.out_of_memory) == (0, False)


def test_one_that_ended_is_dead_and_its_status_and_last_lines_are_known(
    contract: Contract,
) -> None:
    [one] = contract.start("crash.1")
    condition = contract.ended(one)
    assert condition.has_died_since(0)
    assert condition.exit_code == 3
    assert contract.engine.tail(one, 2) == ["Traceback", "boom"]
    assert contract.engine.tail(one, 1) == ["boom"]


def test_one_that_is_gone_is_dead_and_silent(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.retire(one, GRACE_S)
    assert contract.engine.condition(one).has_died_since(0)
    assert contract.engine.tail(one, 10) == []


def test_a_condemned_one_runs_on_and_its_slot_is_free(contract: Contract) -> None:
    [old] = contract.start("web.1")
    contract.engine.condemn(old)
    assert contract.engine.condition(old).running
    [listed] = contract.engine.containers("myapp")
    assert (listed.id, listed.slot, listed.condemned) == (old.id, old.slot, True)
    [new] = contract.start("web.1")
    assert {(one.id, one.condemned) for one in contract.engine.containers("myapp")} == {
        (old.id, True),
        (new.id, False),
    }


def test_a_condemned_one_can_be_condemned_again(contract: Contract) -> None:
    [one] = contract.start("web.1")
    for _ in range(2):
        contract.engine.condemn(contract.engine.containers("myapp")[0])
    assert contract.engine.condition(one).running
    assert [one.condemned for one in contract.engine.containers("myapp")] == [True]


def test_to_condemn_what_is_gone_is_fine(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.retire(one, GRACE_S)
    contract.engine.condemn(one)
    assert contract.names() == []


def test_a_retired_one_is_gone_and_no_other(contract: Contract) -> None:
    first, second = contract.start("web.1", "web.2")
    contract.engine.condemn(first)
    contract.engine.retire(first, GRACE_S)
    assert [one.id for one in contract.engine.containers("myapp")] == [second.id]
    assert contract.engine.condition(second).running


def test_to_retire_what_is_gone_is_fine(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.retire(one, GRACE_S)
    contract.engine.retire(one, GRACE_S)
    assert contract.names() == []


def test_a_stopped_one_is_still_listed_and_starts_again_where_it_was(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.stop(one)
    [stopped] = contract.engine.containers("myapp")
    assert (stopped.id, stopped.state) == (one.id, "exited")
    assert contract.engine.condition(one).has_died_since(0)
    contract.engine.start_again([stopped])
    [again] = contract.engine.containers("myapp")
    assert (again.id, again.state, again.address) == (one.id, "running", one.address)
    assert not contract.engine.condition(one).has_died_since(0)


def test_a_frozen_one_is_listed_as_such_and_goes_on_when_thawed(contract: Contract) -> None:
    first, second = contract.start("web.1", "web.2")
    assert contract.engine.frozen() == []
    contract.engine.freeze([first])
    assert [one.id for one in contract.engine.frozen()] == [first.id]
    [listed, _] = contract.engine.containers("myapp")
    assert (listed.id, listed.state, listed.condemned) == (first.id, FROZEN, False)
    contract.engine.thaw([listed])
    assert contract.engine.frozen() == []
    states = {one.id: one.state for one in contract.engine.containers("myapp")}
    assert states == {first.id: "running", second.id: "running"}


def test_frozen_ones_of_all_apps_are_listed_together(contract: Contract) -> None:
    [ours], [theirs] = contract.start("web.1"), contract.start("web.1", app="other")
    contract.engine.freeze([ours, theirs])
    assert {one.id for one in contract.engine.frozen()} == {ours.id, theirs.id}


def test_a_frozen_one_is_retired_as_any_other(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.freeze([one])
    contract.engine.retire(contract.engine.frozen()[0], GRACE_S)
    assert (contract.names(), contract.engine.frozen()) == ([], [])


def test_to_freeze_or_thaw_what_is_gone_is_fine(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.retire(one, GRACE_S)
    contract.engine.freeze([one])
    contract.engine.thaw([one])
    assert contract.names() == []


def test_what_runs_takes_memory_also_frozen_and_what_is_gone_takes_none(
    contract: Contract,
) -> None:
    [one] = contract.start("web.1")
    assert contract.engine.memory_bytes(one) > 0
    contract.engine.freeze([one])
    assert contract.engine.memory_bytes(one) > 0
    contract.engine.retire(contract.engine.frozen()[0], GRACE_S)
    assert contract.engine.memory_bytes(one) == 0


def test_containers_of_all_apps_are_listed_together_in_any_state(contract: Contract) -> None:
    [web], [other] = contract.start("web.1"), contract.start("web.1", app="other")
    contract.stop(web)
    found = {one.id: (one.app, one.slot) for one in contract.engine.all_containers()}
    assert found == {web.id: ("myapp", web.slot), other.id: ("other", other.slot)}


def test_a_loss_is_told_at_once_unless_it_was_on_its_way_out(contract: Contract) -> None:
    [old], [lost] = contract.start("web.1"), contract.start("web.1", app="other")
    [removed] = contract.start("web.1", app="third")
    with closing(contract.engine.losses()) as losses:
        contract.engine.condemn(old)
        contract.engine.retire(old, GRACE_S)
        contract.engine.retire(removed, GRACE_S)  # as by hand: it was not condemned
        told = iter(losses)
        assert next(told) == "third"
        contract.stop(lost)
        assert next(app for app in told if app != "third") == "other"


def test_losses_end_when_they_are_closed(contract: Contract) -> None:
    losses = contract.engine.losses()
    closing_soon = threading.Timer(0.1, losses.close)
    closing_soon.start()
    assert list(losses) == []


def test_an_image_is_there_or_not(contract: Contract) -> None:
    assert contract.engine.image_exists(contract.image)
    assert not contract.engine.image_exists("sha256:" + "0" * 64)
