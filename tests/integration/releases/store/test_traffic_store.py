"""What routers report of addresses, and which apps they are asked to watch."""

import pytest
import redis

from releases.domain.traffic import Tally, Traffic
from releases.store import Store

pytestmark = pytest.mark.integration
A, B = "10.0.0.1:5000", "10.0.0.2:5000"


def tally(requests: int, errors: int = 0, latency_ms: float = 0.0) -> Tally:
    """Of the app shop."""
    return Tally("shop", {"7": Traffic(requests, errors, latency_ms)})


def test_traffic_is_summed_over_routers_workers_and_addresses(store: Store) -> None:
    for router in ("a", "b"):
        store.routes.join(router)
    store.traffic.report("a", {A: tally(10, 1, 100.0), B: tally(5)}, {})
    store.traffic.report("b", {A: tally(30, 0, 20.0)}, {})

    assert store.traffic.of([A]) == Traffic(40, 1, 40.0)
    assert store.traffic.of([A, B]).requests == 45
    assert store.traffic.of([]) == store.traffic.of(["10.0.0.9:1"]) == Traffic()


def test_a_report_replaces_what_it_names_and_leaves_the_rest(store: Store) -> None:
    store.routes.join("a")
    store.traffic.report("a", {A: tally(10), B: tally(5)}, {"7 app_shop s1": (1, 2, 3, 4)})
    store.traffic.report("a", {A: tally(11), B: None}, {})

    assert store.traffic.reported("a") == ({A: tally(11)}, {"7 app_shop s1": [1, 2, 3, 4]})
    store.traffic.report("a", {A: None}, {"7 app_shop s1": None})
    assert store.traffic.reported("a") == ({}, {})


def test_a_router_that_left_counts_no_more_and_leaves_nothing(
    store: Store, raw: redis.Redis
) -> None:
    store.routes.join("a")
    store.traffic.report("a", {A: tally(10)}, {"7 app_shop s1": (1, 2, 3, 4)})

    store.routes.leave("a")

    assert store.traffic.of([A]) == Traffic()
    assert list(raw.scan_iter("router:*")) == []


def test_apps_are_watched_until_their_time_is_over(store: Store, raw: redis.Redis) -> None:
    store.traffic.watch("shop", 100.0)
    store.traffic.watch("other", 200.0)

    assert store.traffic.watched(99.0) == {"shop", "other"}
    assert store.traffic.watched(100.0) == {"other"}
    assert store.traffic.watched(300.0) == set()
    assert raw.exists("router:watched") == 0


def test_a_watch_wakes_the_routers_and_can_be_ended(store: Store) -> None:
    with store.router_wakeups() as woken:
        store.traffic.watch("shop", 100.0)
        assert woken.wait(5.0)

    store.traffic.watch("shop", 0.0)

    assert store.traffic.watched(1.0) == set()
