"""The routes by host and by app, and which of Redis and memory is believed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from releases.domain.route import Route, RouteChanges
from router_sync.source import Source
from router_sync.table import BadRoute, Table, check_route

A, B = "http://10.0.0.1:5000", "http://10.0.0.2:5000"


def route(host: str, app: str, *backends: str) -> dict[str, Route | None]:
    """One change."""
    return {host: Route(host, app, backends)}


def weighed(weight: int) -> dict[str, Route | None]:
    """A route with two backends, the first of which has a weight."""
    return {"a.test": Route("a.test", "one", (A, B), {A: weight})}


def changes(
    version: int, routes: Mapping[str, Route | None] | None = None, epoch: str = "one"
) -> RouteChanges:
    """As Redis answers."""
    return RouteChanges(epoch, version, routes or {})


def test_addresses_of_an_app_are_those_of_all_its_hosts() -> None:
    table = Table()
    table.merge(changes(1, route("a.test", "shop", A) | route("b.test", "shop", B)))

    assert table.wanted("shop").hosts == {"a.test", "b.test"}
    assert table.wanted("shop").addresses == {"10.0.0.1:5000", "10.0.0.2:5000"}


def test_a_host_that_moves_concerns_both_apps() -> None:
    table = Table()
    table.merge(changes(1, route("a.test", "one", A)))

    assert table.merge(changes(2, route("a.test", "two", B))) == {"one", "two"}
    assert table.apps == ["two"]
    assert table.addresses == {"10.0.0.2:5000"}


def test_an_unchanged_route_concerns_nobody() -> None:
    table = Table()
    table.merge(changes(1, route("a.test", "one", A)))

    assert table.merge(changes(2, route("a.test", "one", A))) == set()


def test_a_table_survives_its_document() -> None:
    table = Table()
    table.merge(changes(3, route("a.test", "one", A) | route("*.b.test", "two")))

    again = Table.from_document(json.loads(json.dumps(table.document())))

    assert again.document() == table.document()
    assert again.wanted("one") == table.wanted("one")


@pytest.mark.parametrize(
    ("host", "bad"),
    [
        ("UPPER.test", Route("UPPER.test", "shop", (A,))),
        ("a b", Route("a b", "shop", (A,))),
        ("a.test", Route("a.test", "shop/other", (A,))),
        ("a.test", Route("a.test", "shop", ("10.0.0.1:5000",))),
        ("a.test", Route("a.test", "shop", ("http://10.0.0.1:5000\nbind :1",))),
        ("a.test", Route("a.test", "shop", ("http://host.test:5000",))),
        ("a.test", Route("a.test", "shop", ("https://10.0.0.1:5000",))),
        ("a.test", Route("a.test", "shop", ("http://10.0.0.999:5000",))),
        ("a.test", Route("a.test", "shop", ("http://10.0.0.01:5000",))),
        ("a.test", Route("a.test", "shop", ("http://0.0.0.0:5000",))),
        ("a.test", Route("a.test", "shop", ("http://10.0.0.1:99999",))),
        ("a.test", Route("a.test", "shop", ("http://10.0.0.1:05000",))),
    ],
)
def test_a_route_that_haproxy_could_stumble_over_is_refused(host: str, bad: Route) -> None:
    with pytest.raises(BadRoute, match="left out"):
        check_route(host, bad)


class FakeRedis:
    """Answers `changes_since` from a list of what was published."""

    def __init__(self, epoch: str = "one") -> None:
        self.epoch = epoch
        self.published: list[tuple[str, Route | None]] = []

    def publish(self, host: str, app: str, *backends: str) -> None:
        self.published.append((host, Route(host, app, backends)))

    def changes_since(self, version: int) -> RouteChanges:
        epoch = self.epoch if self.published else ""
        return RouteChanges(epoch, len(self.published), dict(self.published[version:]))


def read_twice(redis: FakeRedis) -> Source:
    """A source that knows what Redis has."""
    source = Source(Table())
    source.read(redis.changes_since)
    return source


def test_the_first_look_is_a_full_one() -> None:
    redis = FakeRedis()
    redis.publish("a.test", "one", A)
    saved = Table()
    saved.merge(changes(1, route("old.test", "old", B), epoch="one"))
    source = Source(saved)

    assert source.read(redis.changes_since) is None
    assert source.table.apps == ["one"]
    assert source.acknowledgeable == 1


def test_later_looks_take_only_what_changed() -> None:
    redis = FakeRedis()
    redis.publish("a.test", "one", A)
    source = read_twice(redis)
    redis.publish("b.test", "two", B)

    assert source.read(redis.changes_since) == {"two"}
    assert source.read(redis.changes_since) == set()
    assert source.acknowledgeable == 2


def test_redis_that_is_empty_keeps_the_routes_and_none_is_acknowledged() -> None:
    redis = FakeRedis()
    redis.publish("a.test", "one", A)
    source = read_twice(redis)
    redis.published.clear()

    assert source.read(redis.changes_since) == set()
    assert source.table.apps == ["one"]
    assert source.acknowledgeable == 0


def test_saved_routes_are_not_believed_before_redis_was_read() -> None:
    saved = Table()
    saved.merge(changes(5, route("a.test", "one", A)))
    source = Source(saved)

    source.read(FakeRedis().changes_since)

    assert not source.is_confirmed
    assert source.table.apps == ["one"]


def test_a_new_epoch_replaces_everything() -> None:
    redis = FakeRedis()
    redis.publish("a.test", "one", A)
    source = read_twice(redis)
    seeded = FakeRedis("two")
    seeded.publish("b.test", "two", B)

    assert source.read(seeded.changes_since) is None
    assert source.table.apps == ["two"]


def test_redis_that_lost_its_newest_routes_keeps_them_and_its_next_ones_are_seen() -> None:
    redis = FakeRedis()
    for version in range(5):
        redis.publish("a.test", "one", f"http://10.0.0.{version}:5000")
    source = read_twice(redis)
    del redis.published[3:]

    assert source.read(redis.changes_since) == set()
    assert source.table.wanted("one").addresses == {"10.0.0.4:5000"}
    assert source.acknowledgeable == 3
    redis.publish("b.test", "two", B)
    assert source.read(redis.changes_since) == {"two"}
    assert source.acknowledgeable == 4


def test_a_bad_route_is_said_and_the_others_are_taken(caplog: pytest.LogCaptureFixture) -> None:
    redis = FakeRedis()
    redis.publish("a.test", "one", "nonsense")
    redis.publish("b.test", "two", B)

    source = read_twice(redis)

    assert source.table.apps == ["two"]
    assert "route of a.test left out" in caplog.text


def test_weights_are_by_address_and_survive_the_file() -> None:
    table = Table()
    table.merge(changes(1, weighed(7)))

    again = Table.from_document(json.loads(json.dumps(table.document())))

    wanted = again.wanted("one")
    assert wanted == table.wanted("one")
    assert [wanted.weight(one.removeprefix("http://")) for one in (A, B)] == [7, 100]


def test_another_weight_concerns_the_app() -> None:
    table = Table()
    table.merge(changes(1, weighed(7)))

    assert table.merge(changes(2, weighed(8))) == {"one"}
    assert table.merge(changes(3, weighed(8))) == set()


def test_a_file_from_before_there_were_weights_is_read() -> None:
    table = Table()
    table.merge(changes(1, route("a.test", "one", A)))
    document: Any = table.document()
    del document["routes"][0]["weights"]

    assert Table.from_document(document).wanted("one") == table.wanted("one")
