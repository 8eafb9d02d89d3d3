"""Requests, errors and latency are counted per address, whatever happens to slots and workers."""

import contextlib
import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from releases.domain.traffic import Thresholds, Traffic, verdict
from router_sync.slots import SLOTS
from tests.integration.router_sync.backends import LATE_S, Backend, Backends
from tests.integration.router_sync.stage import Stage
from tests.integration.router_sync.test_canary import canary
from tests.integration.router_sync.test_reloading import reload
from tests.services import wait_for

pytestmark = pytest.mark.integration
LATE_MS = 1000 * LATE_S


def test_requests_errors_and_latency_of_a_watched_app(stage: Stage, backends: Backends) -> None:
    shop = routed(stage, backends, "v1")
    ask(stage, 10)
    ask(stage, 5, "/fail")
    ask(stage, 5, "/late")

    counted = wait_counted(stage, shop, 20)

    assert counted.errors == 5
    assert counted.latency_ms == pytest.approx(LATE_MS / 4, rel=0.5)


def test_a_watch_that_begins_later_knows_what_came_before(stage: Stage, backends: Backends) -> None:
    shop = backends.start("v1")
    stage.flip("shop", shop)
    ask(stage, 7)

    watch(stage)

    wait_for(lambda: requests(stage, shop) == 7, "the count", timeout_s=0.5)


def test_the_release_before_is_counted_at_a_flip_without_a_watch(
    stage: Stage, backends: Backends
) -> None:
    old, new = backends.start("old"), backends.start("new")
    stage.flip("shop", old)
    ask(stage, 7)
    ask(stage, 3, "/fail")

    stage.flip("shop", new)
    ask(stage, 4)
    watch(stage)

    assert wait_counted(stage, old, 10).errors == 3
    assert wait_counted(stage, new, 4) == Traffic(4, 0, traffic(stage, new).latency_ms)


def test_an_address_in_a_slot_that_was_used_before_has_only_its_own(
    stage: Stage, backends: Backends
) -> None:
    slow = routed(stage, backends, "slow")
    ask(stage, 25, "/late")
    for number in range(SLOTS + 2):
        stage.flip("shop", backends.start(f"{number}"))
        ask(stage, 3, "/fail")
        wait_for(lambda: stage.routes.inflight() == {}, "a slot to be free")
    slots = {line.split(",")[73] for line in stage.admin("show stat -1 4 -1").splitlines()[1:]}
    assert slow.address not in slots  # its slot has had others since

    fast = backends.start("fast")
    stage.flip("shop", fast)
    ask(stage, 30)

    counted = wait_counted(stage, fast, 30)
    assert counted.errors == 0
    assert counted.latency_ms < LATE_MS / 3


def test_counts_go_on_through_a_reload_and_the_end_of_the_old_worker(
    stage: Stage, backends: Backends
) -> None:
    shop = routed(stage, backends, "v1")
    ask(stage, 10)
    ask(stage, 2, "/fail")
    wait_counted(stage, shop, 12)
    with ThreadPoolExecutor() as clients:
        held = clients.submit(stage.get, "shop.localhost", "/held")
        reload(stage, backends)
        ask(stage, 5)
        assert wait_counted(stage, shop, 17).errors == 2
        shop.let_go.set()
        assert held.result().status == 200
    wait_for(lambda: stage.fleet().old == (), "the old worker's end")
    ask(stage, 3)

    wait_for(lambda: requests(stage, shop) >= 20, "the last three")
    assert requests(stage, shop) <= 21  # an old worker's last second may be lost, as it was here
    assert traffic(stage, shop).errors == 2


def test_counts_go_on_through_a_restart_of_router_sync(stage: Stage, backends: Backends) -> None:
    first, second = routed(stage, backends, "1"), backends.start("2")
    ask(stage, 10)
    for backend in (second, first, second) * 4:  # all slots have been used
        stage.flip("shop", backend)
        wait_for(lambda: stage.routes.inflight() == {}, "a slot to be free")
    third = backends.start("3")
    stage.flip("shop", third)
    ask(stage, 6)
    ask(stage, 2, "/fail")
    wait_counted(stage, third, 8)

    stage.kill("sync")
    ask(stage, 4)
    stage.start_sync()

    counted = wait_counted(stage, third, 12)
    assert counted.errors == 2


def test_a_router_sync_that_lost_its_notes_never_mixes_two_addresses(
    stage: Stage, backends: Backends
) -> None:
    first = routed(stage, backends, "1")
    for number in range(SLOTS):
        ask(stage, 2, "/fail")
        stage.flip("shop", backends.start(f"{number}"))
        wait_for(lambda: stage.routes.inflight() == {}, "a slot to be free")
    stage.kill("sync")
    stage.platform.store.traffic.report(stage.routes.members()[0], {}, dict.fromkeys(marks(stage)))
    stage.start_sync()

    stage.flip("shop", first)
    ask(stage, 5)

    assert wait_counted(stage, first, 5).errors == 0


def test_a_restart_of_haproxy_keeps_what_was_counted(stage: Stage, backends: Backends) -> None:
    shop = routed(stage, backends, "v1")
    ask(stage, 10)
    wait_counted(stage, shop, 10)
    wait_for(lambda: "app_shop" in stage.layout.hosts_map.read_text(), "the files")
    stage.kill("haproxy")
    stage.start_haproxy()
    ask(stage, 5)

    wait_counted(stage, shop, 15)


@pytest.mark.parametrize("path", ["/rude", "/reset", "/half"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_without_a_whole_answer_is_one_error(
    stage: Stage, backends: Backends, path: str, method: str
) -> None:
    shop = routed(stage, backends, "v1")
    ask(stage, 5)
    # Where the body of the request is still being sent, HAProxy may break off without an answer.
    with contextlib.suppress(http.client.IncompleteRead, http.client.RemoteDisconnected):
        assert stage.get("shop.localhost", path, method=method).status == 502
    ask(stage, 5)

    assert wait_counted(stage, shop, 11).errors == 1


def test_requests_that_find_no_container_up_are_errors_of_the_release(
    stage: Stage, backends: Backends
) -> None:
    shop = routed(stage, backends, "v1")
    ask(stage, 5)
    wait_counted(stage, shop, 5)
    shop.stop()
    ask(stage, 20)

    assert wait_counted(stage, shop, 25).errors == 20


def test_a_canary_is_compared_with_those_beside_it(stage: Stage, backends: Backends) -> None:
    old, new = [routed(stage, backends, "old")], backends.start("new")
    canary(stage, old, new, 50)
    new.fails = True
    ask(stage, 80)

    wait_for(lambda: requests(stage, old[0]) + requests(stage, new) == 80, "80 requests")

    line = verdict(traffic(stage, old[0]), traffic(stage, new), Thresholds(), "v1")
    assert line == "100 % of 40 requests failed (v1: 0 %)"


def test_addresses_of_long_ago_are_forgotten(stage: Stage, backends: Backends) -> None:
    for number in range(4):
        stage.flip("shop", backends.start(f"{number}"))
        ask(stage, 2)
    last = backends.start("last")
    stage.flip("shop", last)
    router = stage.routes.members()[0]

    wait_for(lambda: len(stage.platform.store.traffic.reported(router)[0]) == 2, "two addresses")
    stage.routes.unroute("shop")
    wait_for(lambda: not stage.platform.store.traffic.reported(router)[0], "none")


def routed(stage: Stage, backends: Backends, name: str) -> Backend:
    """A backend that serves the app, which is watched."""
    backend = backends.start(name)
    stage.flip("shop", backend)
    watch(stage)
    return backend


def watch(stage: Stage) -> None:
    """For longer than any test takes."""
    stage.platform.store.traffic.watch("shop", time.time() + 300)


def ask(stage: Stage, count: int, path: str = "/") -> None:
    """So many requests, one after the other."""
    for _ in range(count):
        stage.get("shop.localhost", path)


def traffic(stage: Stage, backend: Backend) -> Traffic:
    """As the release manager reads it."""
    return stage.platform.store.traffic.of([backend.address])


def requests(stage: Stage, backend: Backend) -> int:
    """Of them, how many."""
    return traffic(stage, backend).requests


def wait_counted(stage: Stage, backend: Backend, count: int) -> Traffic:
    """The traffic, once it has so many requests."""
    wait_for(lambda: requests(stage, backend) >= count, f"{count} requests")
    counted = traffic(stage, backend)
    assert counted.requests == count
    return counted


def marks(stage: Stage) -> list[str]:
    """Slots of which Redis knows where they stood."""
    return list(stage.platform.store.traffic.reported(stage.routes.members()[0])[1])
