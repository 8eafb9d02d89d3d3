"""How routes are flipped, read by routers, acknowledged and drained."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import redis

from releases.domain.desired import Desired
from releases.domain.release import ReleaseStatus
from releases.domain.route import Route
from releases.store import Store
from releases.store.locks import LockLost
from tests.fakes.examples import release

pytestmark = pytest.mark.integration
HOST = "myapp.localhost"
ONE, TWO, THREE = (f"http://10.0.0.{last}:5000" for last in (1, 2, 3))


def flip(
    store: Store, *routes: Route, app: str = "myapp", number: int = 1, config: str = "1"
) -> int:
    """Flip an app to these routes; return the version."""
    with store.locks.hold(app, "Deploy") as lock:
        return store.routes.flip(lock, Desired(number, {"web": 1}), {"A": config}, routes)


def route(*backends: str, host: str = HOST, app: str = "myapp") -> Route:
    """A route of the app."""
    return Route(host, app, backends)


def test_routes_stand_as_hipache_reads_them(store: Store, raw: redis.Redis) -> None:
    flip(store, route(ONE, TWO), route(ONE, TWO, host="*.example.com"))
    assert raw.lrange("frontend:myapp.localhost", 0, -1) == ["myapp", ONE, TWO]
    assert raw.lrange("frontend:*.example.com", 0, -1) == ["myapp", ONE, TWO]


def test_a_host_without_containers_is_still_a_host(store: Store, raw: redis.Redis) -> None:
    flip(store, route())
    assert raw.lrange("frontend:myapp.localhost", 0, -1) == ["myapp"]
    assert store.routes.changes_since(0).routes == {HOST: route()}


def test_a_flip_replaces_the_whole_list(store: Store, raw: redis.Redis) -> None:
    flip(store, route(ONE, TWO))
    flip(store, route(THREE), number=2)
    assert raw.lrange("frontend:myapp.localhost", 0, -1) == ["myapp", THREE]


def test_the_version_goes_up_with_every_change_and_stays_without_one(store: Store) -> None:
    first = flip(store, route(ONE))
    assert flip(store, route(ONE), number=2) == first
    assert flip(store, route(TWO), number=3) == first + 1
    assert flip(store, route(TWO), route(TWO, host="b.example"), number=4) == first + 2


def test_only_what_changed_is_news_to_a_router(store: Store) -> None:
    version = flip(store, route(ONE), route(ONE, host="b.example"))
    flip(store, route(ONE), route(TWO, host="b.example"), number=2)
    assert set(store.routes.changes_since(version).routes) == {"b.example"}


def test_what_hipache_holds_for_dead_goes_with_every_written_list(
    store: Store, raw: redis.Redis
) -> None:
    flip(store, route(ONE), route(ONE, host="same.example"), route(ONE, host="gone.example"))
    for host in (HOST, "same.example", "gone.example"):
        raw.sadd(f"dead:{host}", 0)
    flip(store, route(TWO), route(ONE, host="same.example"), number=2)
    assert raw.exists("dead:myapp.localhost", "dead:gone.example") == 0
    assert raw.exists("dead:same.example") == 1  # its indexes still fit


def test_a_host_that_is_gone_leaves_a_tombstone(store: Store, raw: redis.Redis) -> None:
    version = flip(store, route(ONE), route(ONE, host="b.example"))
    flip(store, route(ONE), number=2)
    assert raw.exists("frontend:b.example") == 0
    changes = store.routes.changes_since(version)
    assert changes.routes == {"b.example": None}
    assert store.routes.hosts("myapp") == [HOST]


def test_a_host_that_comes_back_is_a_route_again(store: Store) -> None:
    flip(store, route(ONE))
    store.routes.unroute("myapp")
    version = flip(store, route(TWO), number=2)
    assert store.routes.changes_since(version - 1).routes == {HOST: route(TWO)}


def test_unroute_takes_all_hosts_of_one_app_and_no_other(store: Store) -> None:
    flip(store, route(ONE), route(ONE, host="b.example"))
    flip(store, route(TWO, host="other.localhost", app="other"), app="other")
    version = store.routes.unroute("myapp")
    changes = store.routes.changes_since(0)
    assert changes.version == version
    assert changes.routes == {
        HOST: None,
        "b.example": None,
        "other.localhost": route(TWO, host="other.localhost", app="other"),
    }
    assert store.routes.unroute("myapp") == version
    assert (store.routes.hosts("myapp"), store.routes.hosts("other")) == ([], ["other.localhost"])


def test_a_host_that_another_app_has_taken_over_stays_its(store: Store) -> None:
    flip(store, route(ONE), route(ONE, host="moved.example"))
    moved = route(TWO, host="moved.example", app="other")
    flip(store, moved, app="other")
    flip(store, route(ONE), number=2)
    assert store.routes.changes_since(0).routes["moved.example"] == moved
    store.routes.unroute("myapp")
    assert store.routes.changes_since(0).routes["moved.example"] == moved


def test_pointer_config_status_and_routes_move_together(store: Store) -> None:
    store.apps.create("myapp", "alice")
    store.releases.add(release(number=1))
    live = Desired(1, {"web": 2, "worker": 0}, boot=1, log="myapp:1")
    with store.locks.hold("myapp", "Deploy") as lock:
        store.apps.set_target(lock, live)
        version = store.routes.flip(lock, live, {"A": "two"}, [route(ONE)])
    app = store.apps.get("myapp")
    assert app.live
    assert (app.live.release, app.live.formation, app.live.boot) == (1, live.formation, 1)
    assert (app.live.log, app.live.routed_at) == ("myapp:1", version)
    assert app.live.flipped_at > 1_700_000_000
    assert (app.target, app.formation) == (None, {"web": 2, "worker": 0})
    assert store.configs.config("myapp") == {"A": "two"}
    assert store.releases.get_with_state("myapp", 1)[1].status is ReleaseStatus.LIVE
    assert store.retiring() == ["myapp"]


def test_a_flip_is_one_command_to_redis(store: Store, raw: redis.Redis) -> None:
    flip(store, route(ONE))  # from here on Redis knows the script
    commands: list[str] = []
    with store.locks.hold("myapp", "Deploy") as lock, raw.monitor() as monitor:
        raw.ping()  # the connection's own greeting is over
        store.routes.flip(lock, Desired(2, {"web": 1}), {"A": "2"}, [route(TWO)])
        raw.echo("done")
        while not commands or not commands[-1].startswith("ECHO"):
            entry = monitor.next_command()
            if entry["client_type"] != "lua":  # what the script itself does
                commands.append(entry["command"])
    names = [command.split()[0] for command in commands]
    assert names[names.index("PING") :] == ["PING", "EVALSHA", "ECHO"]


def test_who_lost_the_lock_switches_nothing(
    store: Store, raw: redis.Redis, everything: Callable[[], dict[str, str]]
) -> None:
    store.apps.create("myapp", "alice")
    flip(store, route(ONE))
    with store.locks.try_hold("myapp", "Stalled") as stale:
        assert stale
        raw.delete("paas:app:myapp:lock")  # as if its time were up
        for someone_has_it in (False, True):
            if someone_has_it:
                raw.set("paas:app:myapp:lock", f'{{"token": {stale.token + 1}}}')
            before = everything()
            with pytest.raises(LockLost, match="lost the lock of myapp"):
                store.routes.flip(stale, Desired(2, {"web": 9}), {"A": "9"}, [route(TWO)])
            assert everything() == before


def test_a_flip_wakes_routers_and_the_converger(store: Store) -> None:
    with store.router_wakeups() as router, store.converger_wakeups() as converger:
        flip(store, route(ONE))
        assert router.wait(5.0)
        assert converger.wait(5.0)
        flip(store, route(ONE), number=2)
        assert not router.wait(0)  # nothing changed for it
        assert converger.wait(5.0)


def test_a_router_that_knows_nothing_gets_everything(store: Store) -> None:
    flip(store, route(ONE))
    version = flip(store, route(TWO, host="other.localhost", app="other"), app="other")
    changes = store.routes.changes_since(0)
    assert changes.version == version
    assert changes.routes[HOST] == route(ONE)
    assert changes.routes["other.localhost"] == route(TWO, host="other.localhost", app="other")
    assert store.routes.changes_since(version).routes == {}


def test_an_empty_redis_is_told_from_one_without_apps(store: Store, raw: redis.Redis) -> None:
    nothing = store.routes.changes_since(0)
    assert (nothing.epoch, nothing.version, nothing.routes) == ("", 0, {})
    flip(store, route(ONE))
    first = store.routes.changes_since(0).epoch
    store.routes.unroute("myapp")
    assert store.routes.changes_since(0).epoch == first != ""
    raw.flushall()
    flip(store, route(ONE))
    assert store.routes.changes_since(0).epoch not in ("", first)


def test_every_member_has_to_acknowledge(store: Store) -> None:
    assert store.routes.unacknowledged(5) == []
    for router in ("b", "a"):
        store.routes.join(router)
    assert store.routes.unacknowledged(0) == ["a", "b"]
    store.routes.acknowledge("a", 5, {})
    assert store.routes.unacknowledged(5) == ["b"]
    assert store.routes.unacknowledged(6) == ["a", "b"]
    store.routes.acknowledge("b", 6, {})
    assert store.routes.unacknowledged(5) == []


def test_a_router_that_left_is_not_waited_for(store: Store) -> None:
    store.routes.join("a")
    store.routes.acknowledge("a", 1, {"10.0.0.1:5000": 2})
    store.routes.leave("a")
    assert store.routes.unacknowledged(9) == []
    assert store.routes.inflight() == {}
    store.routes.join("a")
    assert store.routes.unacknowledged(1) == ["a"]


def test_requests_in_flight_are_those_of_all_routers(store: Store) -> None:
    for router in ("a", "b"):
        store.routes.join(router)
    store.routes.acknowledge("a", 1, {"10.0.0.1:5000": 2, "10.0.0.2:5000": 1})
    store.routes.acknowledge("b", 1, {"10.0.0.1:5000": 3})
    assert store.routes.inflight() == {"10.0.0.1:5000": 5, "10.0.0.2:5000": 1}
    store.routes.acknowledge("a", 1, {"10.0.0.2:5000": 0})
    assert store.routes.inflight() == {"10.0.0.1:5000": 3, "10.0.0.2:5000": 0}
    store.routes.acknowledge("b", 2, {})
    assert store.routes.inflight() == {"10.0.0.2:5000": 0}


def test_an_acknowledgement_wakes_who_waits_for_it(store: Store) -> None:
    with store.acknowledgements() as waiting, store.converger_wakeups() as converger:
        assert not waiting.wait(0)
        store.routes.acknowledge("a", 1, {})
        assert waiting.wait(5.0)
        assert converger.wait(5.0)


def test_a_domain_belongs_to_one_app(store: Store) -> None:
    assert store.routes.claim_domain("myapp", "www.example.com")
    assert store.routes.claim_domain("myapp", "www.example.com")  # again is no harm
    assert not store.routes.claim_domain("other", "www.example.com")
    assert store.routes.domain_owner("www.example.com") == "myapp"
    assert (store.routes.domains("myapp"), store.routes.domains("other")) == (
        ["www.example.com"],
        [],
    )


def test_only_its_app_gives_a_domain_back(store: Store) -> None:
    store.routes.claim_domain("myapp", "www.example.com")
    assert not store.routes.release_domain("other", "www.example.com")
    assert store.routes.domain_owner("www.example.com") == "myapp"
    assert store.routes.release_domain("myapp", "www.example.com")
    assert not store.routes.release_domain("myapp", "www.example.com")
    assert store.routes.domain_owner("www.example.com") is None
    assert store.routes.claim_domain("other", "www.example.com")


def test_domains_come_sorted(store: Store) -> None:
    for host in ("c.example", "a.example", "*.b.example"):
        store.routes.claim_domain("myapp", host)
    assert store.routes.domains("myapp") == ["*.b.example", "a.example", "c.example"]


def weighed(weight: int) -> Route:
    """A route of the app whose first backend has a weight."""
    return Route(HOST, "myapp", (ONE, TWO), {ONE: weight})


def test_weights_are_read_back_with_their_list(store: Store, raw: redis.Redis) -> None:
    flip(store, weighed(7))

    assert store.routes.changes_since(0).routes == {HOST: weighed(7)}
    assert raw.lrange(f"frontend:{HOST}", 0, -1) == ["myapp", ONE, TWO]


def test_a_change_of_weights_alone_is_news_to_a_router(store: Store) -> None:
    version = flip(store, weighed(7))
    assert flip(store, weighed(7)) == version

    with store.router_wakeups() as woken:
        assert flip(store, weighed(8)) == version + 1
        assert woken.wait(5.0)

    assert set(store.routes.changes_since(version).routes) == {HOST}


def test_a_flip_without_weights_removes_them(store: Store, raw: redis.Redis) -> None:
    flip(store, weighed(7))

    flip(store, route(ONE, TWO))

    assert store.routes.changes_since(0).routes == {HOST: route(ONE, TWO)}
    assert not list(raw.scan_iter("router:weights:*"))


def test_weights_go_with_their_list(store: Store, raw: redis.Redis) -> None:
    flip(store, weighed(7))

    store.routes.unroute("myapp")

    assert not list(raw.scan_iter("router:weights:*"))


def test_weights_that_cannot_be_used_leave_their_route_without_them(
    store: Store, raw: redis.Redis
) -> None:
    flip(store, weighed(7))
    raw.set(f"router:weights:{HOST}", json.dumps({ONE: 0}))

    changes = store.routes.changes_since(0)

    assert changes.routes == {HOST: route(ONE, TWO)}
    assert [HOST in line for line in changes.refused] == [True]


def test_publishing_moves_the_routes_and_what_retirement_goes_by(store: Store) -> None:
    store.apps.create("myapp", "me")
    version = flip(store, route(ONE))
    before = store.apps.get("myapp"), store.configs.config("myapp")

    with store.locks.hold("myapp", "Canary") as lock:
        assert store.routes.publish(lock, [weighed(11)]) == version + 1

    assert store.routes.changes_since(version).routes == {HOST: weighed(11)}
    live = store.apps.get("myapp").live
    assert live
    assert live.routed_at == version + 1
    app = replace(store.apps.get("myapp"), live=before[0].live)
    assert (app, store.configs.config("myapp")) == before


def test_a_lost_lock_publishes_nothing(store: Store, raw: redis.Redis) -> None:
    version = flip(store, route(ONE))
    with store.locks.hold("myapp", "Canary") as lock:
        stale = lock
    with pytest.raises(LockLost):
        store.routes.publish(stale, [weighed(11)])

    assert store.routes.changes_since(version).routes == {}
