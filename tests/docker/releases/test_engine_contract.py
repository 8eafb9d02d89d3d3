"""What every engine promises: the one on Docker, and the fake in memory."""

import threading
from contextlib import closing

import pytest

from releases.engine.protocol import EngineFailed
from tests.docker.releases.contract import GRACE_S, Contract, slot

pytestmark = pytest.mark.docker


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
