"""When a leaving slot is done, and what is said until then."""

from router_sync.drain import Drain, in_flight, leaving
from router_sync.worker import Slot, SlotState, Worker

A, B = "10.0.0.1:5000", "10.0.0.2:5000"
KEY = (7, "app_shop", "s1")
SLOT = Slot("app_shop", "s1", A, SlotState.DRAINING)


def test_done_is_idle_in_two_looks_a_tenth_of_a_second_apart() -> None:
    drain = Drain()

    assert drain.finished({KEY: SLOT}, {KEY: 0}, now=1.0) == []
    assert drain.finished({KEY: SLOT}, {KEY: 0}, now=1.05) == []
    assert drain.finished({KEY: SLOT}, {KEY: 0}, now=1.125) == [KEY]


def test_a_request_in_between_starts_it_over() -> None:
    drain = Drain()
    drain.finished({KEY: SLOT}, {KEY: 0}, now=1.0)
    drain.finished({KEY: SLOT}, {KEY: 1}, now=1.1)

    assert drain.finished({KEY: SLOT}, {KEY: 0}, now=1.2) == []
    assert drain.finished({KEY: SLOT}, {KEY: 0}, now=1.4) == [KEY]


def test_a_slot_that_left_and_came_back_is_looked_at_anew() -> None:
    drain = Drain()
    drain.finished({KEY: SLOT}, {KEY: 0}, now=1.0)
    drain.finished({}, {}, now=2.0)

    assert drain.finished({KEY: SLOT}, {KEY: 0}, now=3.0) == []


def test_requests_of_all_workers_are_added_up() -> None:
    old = (6, "spare_1", "s3")
    slots = {KEY: SLOT, old: Slot("spare_1", "s3", A, SlotState.READY)}

    assert in_flight(slots, {KEY: 2, old: 3}, frozenset({B})) == {A: 5}


def test_an_address_without_requests_stays_until_it_is_done() -> None:
    assert in_flight({KEY: SLOT}, {KEY: 0}, frozenset()) == {A: 1}


def test_an_address_that_is_routed_is_not_on_its_way_out() -> None:
    assert in_flight({KEY: SLOT}, {KEY: 2}, frozenset({A})) == {}


def test_slots_of_a_replaced_worker_leave_when_their_address_does() -> None:
    ready = [Slot("app_shop", "s1", A, SlotState.READY), Slot("app_shop", "s2", B, SlotState.READY)]
    current, old = Worker.loaded(7, ready, {}), Worker.loaded(6, ready, {})

    assert list(leaving([current, old], 7, frozenset({B}))) == [(6, "app_shop", "s1")]
