"""Requests are counted for the address that had them, through all that happens to slots."""

from releases.domain.traffic import Tally, Traffic
from router_sync.counters import Counters
from router_sync.ledger import Ledger

A, B, C = "10.0.0.1:5000", "10.0.0.2:5000", "10.0.0.3:5000"
ONE, TWO, OLD = (7, "app_shop", "s1"), (7, "app_shop", "s2"), (6, "app_shop", "s1")


def routed(*addresses: str) -> Ledger:
    """One app with these addresses."""
    ledger = Ledger()
    ledger.route("shop", frozenset(addresses))
    return ledger


def served(requests: int, errors: int = 0) -> Counters:
    """Counters of a slot whose answers took no time."""
    return Counters(requests, errors, requests, 0)


def known(ledger: Ledger) -> dict[str, Traffic]:
    """Traffic by address as it would be reported."""
    ledger.report_all()
    return {address: tally.total for address, tally in ledger.news()[0].items() if tally}


def test_an_address_has_what_its_slots_have() -> None:
    ledger = routed(A)
    ledger.count(ONE, A, served(5, 1))
    ledger.count(TWO, A, served(2))

    assert known(ledger) == {A: Traffic(7, 1)}


def test_a_later_look_replaces_an_earlier_one() -> None:
    ledger = routed(A)
    ledger.count(ONE, A, served(5))
    ledger.count(ONE, A, served(8))

    assert known(ledger) == {A: Traffic(8)}


def test_the_next_address_of_a_slot_begins_where_the_one_before_ended() -> None:
    ledger = routed(A)
    ledger.route("shop", frozenset({B}))
    ledger.rest(ONE, A, served(5, 1))
    ledger.count(ONE, B, served(9, 2))

    assert known(ledger) == {A: Traffic(5, 1), B: Traffic(4, 1)}


def test_a_slot_that_rests_twice_is_counted_once() -> None:
    ledger = routed(A)
    ledger.rest(ONE, A, served(5))
    ledger.rest(ONE, A, served(5))

    assert known(ledger) == {A: Traffic(5)}


def test_the_release_before_stays_until_routes_change_again() -> None:
    ledger = routed(A)
    ledger.count(ONE, A, served(5))
    ledger.route("shop", frozenset({B}))
    assert known(ledger)[A] == Traffic(5)
    ledger.reported()

    ledger.route("shop", frozenset({C}))

    assert ledger.news()[0][A] is None
    assert A not in known(ledger)


def test_the_same_addresses_again_are_no_change() -> None:
    ledger = routed(A)
    ledger.count(ONE, A, served(5))
    ledger.route("shop", frozenset({A, B}))
    ledger.route("shop", frozenset({A, B}))

    assert known(ledger)[A] == Traffic(5)


def test_an_address_that_comes_back_begins_at_nothing() -> None:
    ledger = routed(A)
    ledger.rest(ONE, A, served(5))
    ledger.route("shop", frozenset({B}))
    ledger.route("shop", frozenset({A}))
    ledger.count(ONE, A, served(6))

    assert known(ledger)[A] == Traffic(1)


def test_an_address_of_another_app_takes_nothing_along() -> None:
    ledger = routed(A)
    ledger.rest(ONE, A, served(5))
    ledger.route("shop", frozenset({B}))

    ledger.route("other", frozenset({A}))
    ledger.route("shop", frozenset({C}))

    ledger.report_all()
    assert ledger.news()[0][A] == Tally("other", {"": Traffic()})


def test_requests_of_a_worker_that_ended_stay() -> None:
    ledger = routed(A)
    ledger.count(OLD, A, served(5))
    ledger.count(ONE, A, served(2))
    ledger.end_workers([7])
    ledger.end_workers([7])

    assert known(ledger) == {A: Traffic(7)}


def test_marks_of_a_worker_that_ended_are_taken_back() -> None:
    ledger = routed(A)
    ledger.rest(OLD, A, served(5))
    ledger.reported()
    ledger.end_workers([7])

    assert ledger.news()[1] == {"6 app_shop s1": None}


def test_an_app_that_is_gone_leaves_nothing() -> None:
    ledger = routed(A)
    ledger.count(ONE, A, served(5))
    ledger.drop("shop")
    ledger.count(ONE, A, served(6))

    assert ledger.news()[0] == {A: None}
    assert ledger.apps == []


def test_what_was_reported_is_no_news() -> None:
    ledger = routed(A)
    ledger.count(ONE, A, served(5))
    ledger.reported()
    ledger.count(ONE, A, served(5))

    assert ledger.news() == ({}, {})


def again(ledger: Ledger) -> Ledger:
    """After a restart."""
    ledger.report_all()
    tallies, marks = ledger.news()
    started = Ledger()
    started.recall(
        {address: tally for address, tally in tallies.items() if tally},
        {slot: numbers for slot, numbers in marks.items() if numbers},
    )
    return started


def test_a_restart_counts_on() -> None:
    ledger = routed(A)
    ledger.route("shop", frozenset({B}))
    ledger.rest(ONE, A, served(5))
    ledger.count(ONE, B, served(9))

    started = again(ledger)
    started.route("shop", frozenset({B}))
    assert known(started) == {A: Traffic(5), B: Traffic(4)}
    started.count(ONE, B, served(11))

    assert known(started) == {A: Traffic(5), B: Traffic(6)}


def test_a_worker_that_ended_during_a_restart_keeps_what_was_reported() -> None:
    ledger = routed(A)
    ledger.count(OLD, A, served(5))

    started = again(ledger)
    started.end_workers([7])
    started.count(ONE, A, served(2))

    assert known(started) == {A: Traffic(7)}


def test_unserved_requests_are_those_of_whoever_is_routed() -> None:
    ledger = routed(A)
    ledger.count_unserved(7, "app_shop", A, Counters(3, 3))
    ledger.route("shop", frozenset({B}))
    ledger.count_unserved(7, "app_shop", B, Counters(4, 4))
    ledger.count_unserved(7, "app_shop", B, Counters(9, 9))

    assert known(ledger) == {A: Traffic(4, 4), B: Traffic(5, 5)}
    assert [name for name, mark in ledger.news()[1].items() if mark] == [f"7 app_shop -{B}"]


def test_unserved_requests_are_counted_on_after_a_restart() -> None:
    ledger = routed(A)
    ledger.count_unserved(7, "app_shop", A, Counters(3, 3))
    started = again(ledger)
    started.count_unserved(7, "app_shop", A, Counters(5, 5))
    assert known(started) == {A: Traffic(5, 5)}

    started = again(started)
    started.route("shop", frozenset({B}))
    started.count_unserved(7, "app_shop", B, Counters(6, 6))

    assert known(started)[B] == Traffic()
