"""What every engine promises: the one on Docker, and the fake in memory."""

import os
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from releases.domain.container import FROZEN, Container, Slot
from releases.domain.one_off import OneOff, Run
from releases.domain.release import Release
from releases.engine.protocol import Condition, Ended, Engine, EngineFailed, Once, TookTooLong
from releases.engine.runner import DockerRunner
from tests.docker.images import named_image
from tests.fakes import examples
from tests.fakes.engine import FakeEngine
from tests.services import wait_for

pytestmark = pytest.mark.docker
GRACE_S = 0.0
# Containers of `crash` end at once: Docker's because of the line, the fake's because of the name.
APP = f"contract-{os.getpid()}"  # its images' names are seen by every run on the same Docker
NAME = f"paas/{APP}:{examples.COMMIT}"
OTHER_NAME = f"{NAME}-before-2"
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
    make: Callable[..., str]  # an image of an app under these names; returns its id
    detach: Callable[[Run], None]
    is_real: bool = False

    def release(self, app: str = "myapp", number: int = 1) -> Release:
        """A release that can be started."""
        made = examples.artifact(image=self.image, processes=PROCESSES)
        return examples.release(app, number, made=made)

    def start(self, *names: str, app: str = "myapp", number: int = 1) -> list[Container]:
        """Start these slots: `web.1`."""
        slots = [slot(name, number) for name in names]
        return self.engine.start(self.release(app, number), slots)

    def run_detached(self, number: int, *words: str, app: str = "myapp") -> OneOff:
        """Start a one-off: `run.1`."""
        self.detach(Run(self.release(app), number, words, "ada", until=2e9))
        [found] = [one for one in self.engine.one_offs(app) if one.name == f"run.{number}"]
        return found

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
        settings, store = request.getfixturevalue("settings"), request.getfixturevalue("store")
        runner = DockerRunner(settings, store, engine)

        def make(app: str, *names: str) -> str:
            return named_image(api, settings, app, *names)

        def stop(one: Container) -> None:
            api.stop(one.id, timeout=0)

        return Contract(engine, image, stop, make, runner.detach, is_real=True)
    fake = FakeEngine()
    fake.dying, fake.images = {"crash.1", "run.2"}, {examples.IMAGE}
    return Contract(fake, examples.IMAGE, lambda _: fake.stop_all(), fake.make, fake.detach)


def test_what_is_started_is_listed_in_the_slot_that_it_was_started_for(contract: Contract) -> None:
    """Also where the slot is of another release: a rollback fills the slots of the one before."""
    earlier = slot("web.1", 3)
    contract.engine.start(contract.release(number=5), [earlier])

    assert [one.slot for one in contract.engine.containers("myapp")] == [earlier]


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


def test_a_command_in_a_container_ends_with_its_status_and_its_last_lines(
    contract: Contract,
) -> None:
    [one] = contract.start("web.1")
    assert contract.engine.execute(one, ["echo", "all", "well"], 5.0) == Ended(0, ("all well",))
    assert contract.engine.execute(one, ["false"], 5.0) == Ended(1)


def test_a_command_in_a_container_has_a_time_limit(contract: Contract) -> None:
    [one] = contract.start("web.1")
    with pytest.raises(TookTooLong, match=r"longer than 0\.3 s"):
        contract.engine.execute(one, ["sleep", "5"], 0.3)


def test_a_command_in_a_container_that_is_gone_cannot_be_run(contract: Contract) -> None:
    [one] = contract.start("web.1")
    contract.engine.retire(one, GRACE_S)
    with pytest.raises(EngineFailed, match=r"cannot run echo in web\.1"):
        contract.engine.execute(one, ["echo"], 5.0)


def test_what_runs_once_gives_its_output_and_its_status_and_is_in_no_list(
    contract: Contract,
) -> None:
    said: list[str] = []
    line = "echo migrated" if contract.is_real else "migrated"
    ran = contract.engine.run_once(contract.release(), Once(line, 20.0, said.extend))
    assert (ran.status, ran.image, said) == (0, "", ["migrated"])
    assert (
        contract.engine.run_once(contract.release(), Once("exit 3", 20.0, said.extend)).status == 3
    )
    assert contract.names() == []


def test_what_runs_once_has_a_time_limit(contract: Contract) -> None:
    with pytest.raises(TookTooLong):
        contract.engine.run_once(contract.release(), Once("sleep 60", 0.5, print))
    assert contract.engine.run_once(contract.release(), Once("true", 20.0, print)).status == 0


def test_an_image_is_made_of_what_succeeded_alone(contract: Contract) -> None:
    keeping = Once("true", 20.0, print, keeps_changes=True)
    made = contract.engine.run_once(contract.release(), keeping).image
    assert made != contract.image
    assert contract.engine.image_exists(made)
    failing = Once("exit 1", 20.0, print, keeps_changes=True)
    assert contract.engine.run_once(contract.release(number=2), failing).image == ""


def test_to_end_what_runs_once_is_fine_where_nothing_does(contract: Contract) -> None:
    contract.engine.end_once("myapp")
    [one] = contract.start("web.1")
    contract.engine.end_once("myapp")
    assert contract.engine.condition(one).running


def test_images_of_apps_are_listed_with_their_names(contract: Contract) -> None:
    made = contract.make(APP, NAME, OTHER_NAME, f"paas/{APP}:mine")
    [listed] = contract.engine.app_images(APP)
    assert (listed.id, listed.app, listed.in_use) == (made, APP, False)
    assert (listed.names, listed.foreign) == ((NAME, OTHER_NAME), (f"paas/{APP}:mine",))
    assert listed.size_bytes > 0
    assert listed in contract.engine.app_images()
    assert contract.engine.app_images(f"{APP}-2") == []


def test_a_removed_image_is_gone_with_all_its_names(contract: Contract) -> None:
    for names in ((NAME, OTHER_NAME), ()):
        made = contract.make(APP, *names)
        [listed] = contract.engine.app_images(APP)
        assert contract.engine.remove_image(listed) is True
        assert contract.engine.app_images(APP) == []
        assert not contract.engine.image_exists(made)
        assert contract.engine.remove_image(listed) is True


def test_an_image_that_somebody_else_named_loses_only_our_names(contract: Contract) -> None:
    made = contract.make(APP, NAME, f"alice/{APP}:1")
    [listed] = contract.engine.app_images(APP)
    assert contract.engine.remove_image(listed) is False
    assert contract.engine.image_exists(made)
    [left] = contract.engine.app_images(APP)
    assert (left.names, left.foreign, left.is_removable) == ((), (f"alice/{APP}:1",), False)


def test_an_image_that_a_container_uses_stays_also_when_it_has_stopped(contract: Contract) -> None:
    made = contract.make(APP, NAME)
    release = examples.release(APP, made=examples.artifact(image=made))
    [before] = contract.engine.app_images(APP)
    [container] = contract.engine.start(release, [slot("web.1")])
    assert contract.engine.remove_image(before) is False
    contract.stop(container)
    [listed] = contract.engine.app_images(APP)
    assert listed.in_use
    assert contract.engine.remove_image(listed) is False
    assert contract.engine.image_exists(made)
    contract.engine.retire(container, GRACE_S)
    [listed] = contract.engine.app_images(APP)
    assert contract.engine.remove_image(listed) is True


def test_all_images_of_an_app_are_removed_at_once_but_those_that_others_named(
    contract: Contract,
) -> None:
    gone, kept = contract.make(APP, NAME), contract.make(APP, OTHER_NAME, f"alice/{APP}:1")
    neighbour = contract.make(f"{APP}-2", f"paas/{APP}-2:{examples.COMMIT}")
    contract.engine.remove_images(APP)
    assert not contract.engine.image_exists(gone)
    assert contract.engine.image_exists(kept)
    assert contract.engine.image_exists(neighbour)


def test_a_one_off_fills_no_slot(contract: Contract) -> None:
    contract.start("web.1")
    one = contract.run_detached(1, "sleep", "600")
    assert contract.names() == ["web.1"]
    assert (one.name, one.container.app, one.container.state) == ("run.1", "myapp", "running")
    assert (one.container.slot.release, one.who, one.until) == (1, "ada", 2e9)


def test_one_offs_are_listed_of_one_app_or_of_all(contract: Contract) -> None:
    contract.run_detached(1, "sleep", "600", app="myapp-2")
    contract.run_detached(3, "sleep", "600")
    assert [one.name for one in contract.engine.one_offs("myapp")] == ["run.3"]
    listed = [(one.container.app, one.name) for one in contract.engine.one_offs()]
    assert listed == [("myapp", "run.3"), ("myapp-2", "run.1")]


def test_a_one_off_that_ended_is_listed_until_it_is_retired(contract: Contract) -> None:
    one = contract.run_detached(2, "/bin/sh", "-c", "exit 3")
    assert contract.ended(one.container).exit_code == 3
    [listed] = contract.engine.one_offs("myapp")
    assert (listed.has_ended, listed.container.condemned) == (True, False)
    contract.engine.condemn(listed.container)
    assert [other.container.condemned for other in contract.engine.one_offs("myapp")] == [True]
    contract.engine.retire(listed.container, GRACE_S)
    assert contract.engine.one_offs() == []
