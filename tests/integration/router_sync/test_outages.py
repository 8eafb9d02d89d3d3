"""Redis, HAProxy and router_sync die and come back in any order; what served goes on serving."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest
import redis

from releases.store import keys
from tests.integration.router_sync.backends import Backends
from tests.integration.router_sync.stage import Stage
from tests.load import load_on
from tests.services import need, running, short_directory, wait_for

pytestmark = pytest.mark.integration


@dataclass
class OwnRedis:
    """A Redis that a test may kill, with or without its memory."""

    directory: Path
    process: Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.directory}/redis.sock"

    def start(self) -> None:
        self._context = running(
            [
                *(need("redis-server"), "--port", "0", "--save", "", "--appendonly", "yes"),
                *("--unixsocket", f"{self.directory}/redis.sock", "--dir", str(self.directory)),
            ],
            self.directory / "redis.log",
        )
        self.process = self._context.__enter__()
        wait_for(self._answers, "redis-server")

    def kill(self) -> None:
        if self.process:
            self._context.__exit__(None, None, None)
            self.process = None

    def lose_everything(self) -> None:
        for path in (self.directory / "appendonlydir").iterdir():
            path.unlink()

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.RedisError:
            return False


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    """Running."""
    with short_directory() as directory:
        own = OwnRedis(directory)
        own.start()
        yield own
        own.kill()


@pytest.fixture
def frail(own_redis: OwnRedis, home: Path) -> Iterator[Stage]:
    """A router over a Redis of its own."""
    with Stage(home, own_redis.url) as stage:
        stage.start_haproxy()
        stage.start_sync()
        yield stage


def test_haproxy_starts_with_the_last_routes_while_all_else_is_dead(
    frail: Stage, own_redis: OwnRedis, backends: Backends
) -> None:
    frail.flip("shop", backends.start("v1"), hosts=("shop.localhost", "*.shop.test"))
    wait_for(lambda: "shop.test" in frail.layout.hosts_map.read_text(), "the files")
    own_redis.kill()
    frail.kill("sync")
    frail.kill("haproxy")

    frail.start_haproxy()

    assert frail.get("shop.localhost").body == "v1"
    assert frail.get("www.shop.test").body == "v1"


def test_haproxy_killed_and_restarted_is_brought_up_to_date(
    stage: Stage, backends: Backends
) -> None:
    stage.flip("shop", backends.start("v1"))
    stage.kill("haproxy")
    version = stage.publish("shop", backends.start("v2"))
    assert stage.routes.unacknowledged(version)

    stage.start_haproxy()

    stage.wait_acknowledged(version)
    assert stage.get("shop.localhost").body == "v2"


def test_haproxy_that_starts_from_stale_files_is_brought_up_to_date(
    stage: Stage, backends: Backends
) -> None:
    stage.flip("shop", backends.start("v1"))
    wait_for(lambda: "shop" in stage.layout.routes.read_text(), "the files")
    stale = stage.layout.routes.read_text()
    stage.flip("shop", backends.start("v2"))
    wait_for(lambda: stage.layout.routes.read_text() != stale, "the files")
    stage.kill("haproxy")
    stage.layout.routes.write_text(stale)

    stage.start_haproxy()

    wait_for(lambda: stage.get("shop.localhost").body == "v2", "the newest route")
    wait_for(lambda: stage.layout.routes.read_text() != stale, "the newest files")


def test_killed_master_takes_its_workers_along(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))
    worker = stage.fleet().current

    stage.kill("haproxy")

    wait_for(lambda: has_ended(worker), "the worker's end")


def test_router_sync_killed_under_load_catches_up(stage: Stage, backends: Backends) -> None:
    stage.flip("shop", backends.start("v1"))
    fleet = stage.fleet()
    with load_on(stage.port, "shop.localhost") as load:
        stage.kill("sync")
        version = stage.publish("shop", backends.start("v2"))
        assert stage.get("shop.localhost").body == "v1"
        stage.start_sync()
        stage.wait_acknowledged(version)
        assert stage.get("shop.localhost").body == "v2"

    assert load.failed() == []
    assert stage.fleet() == fleet


def test_router_sync_restarted_finds_nothing_to_change(stage: Stage, backends: Backends) -> None:
    first, second = backends.start("first"), backends.start("second")
    stage.flip("shop", first)
    stage.flip("shop", first, second)
    stage.flip("shop", second)
    wait_for(lambda: stage.routes.inflight() == {}, "the first to be idle")
    before = states(stage)
    stage.kill("sync")

    stage.start_sync()

    assert states(stage) == before


def states(stage: Stage) -> list[list[str]]:
    """Address and state of every slot of the first spare, the app's backend."""
    rows = stage.admin("show servers state spare_1").splitlines()[2:]
    return [[*row.split()[3:5], row.split()[6]] for row in rows]


def test_router_sync_keeps_its_name(stage: Stage) -> None:
    members = stage.routes.members()
    stage.kill("sync")

    stage.start_sync()

    assert stage.routes.members() == members


def test_router_sync_started_first_waits_for_haproxy(
    redis_url: str, home: Path, backends: Backends
) -> None:
    with Stage(home, redis_url) as stage:
        stage.empty_redis()
        stage.start_sync()
        version = stage.publish("shop", backends.start("v1"))
        wait_for(lambda: "HAProxy" in stage.log("sync"), "a complaint")
        assert stage.routes.unacknowledged(version)

        stage.start_haproxy()

        stage.wait_acknowledged(version)
        assert stage.get("shop.localhost").body == "v1"


def test_redis_gone_and_back_goes_on(frail: Stage, own_redis: OwnRedis, backends: Backends) -> None:
    frail.flip("shop", backends.start("v1"))
    own_redis.kill()
    assert frail.get("shop.localhost").body == "v1"

    own_redis.start()

    frail.flip("shop", backends.start("v2"))
    assert frail.get("shop.localhost").body == "v2"


def test_haproxy_restarted_while_redis_is_gone_gets_its_routes(
    frail: Stage, own_redis: OwnRedis, backends: Backends
) -> None:
    frail.flip("shop", backends.start("v1"))
    own_redis.kill()
    frail.kill("haproxy")

    frail.start_haproxy()

    wait_for(lambda: frail.get("shop.localhost").body == "v1", "the route")


def test_redis_back_empty_keeps_the_routes_and_nothing_is_acknowledged_for_them(
    frail: Stage, own_redis: OwnRedis, backends: Backends
) -> None:
    for number in range(3):
        frail.flip("shop", backends.start(f"v{number}"))
    own_redis.kill()
    own_redis.lose_everything()
    own_redis.start()
    wait_for(frail.routes.awake, "router_sync")

    assert frail.get("shop.localhost").body == "v2"
    assert frail.routes.unacknowledged(1) == frail.routes.members()
    assert "keeping the 1 known hosts" in frail.log("sync")
    frail.flip("shop", backends.start("seeded anew"))
    assert frail.get("shop.localhost").body == "seeded anew"


def test_router_sync_restarted_over_an_empty_redis_leaves_haproxy_alone(
    frail: Stage, own_redis: OwnRedis, backends: Backends
) -> None:
    frail.flip("shop", backends.start("v1"))
    frail.kill("sync")
    own_redis.kill()
    own_redis.lose_everything()
    own_redis.start()

    frail.start_sync()

    assert frail.get("shop.localhost").body == "v1"


def test_route_that_cannot_be_used_is_left_out_and_said(stage: Stage, backends: Backends) -> None:
    with redis.Redis.from_url(stage.settings.redis) as client:
        client.rpush("frontend:bad.test", "shop", "http://127.0.0.1:1\n    bind *:1")
        client.zadd(keys.ROUTER_CHANGED, {"bad.test": 1})

    stage.flip("shop", backends.start("v1"))

    assert stage.get("shop.localhost").body == "v1"
    assert stage.get("bad.test").status == 404
    assert "route of bad.test left out" in stage.log("sync")


def has_ended(pid: int) -> bool:
    """Gone, or a zombie where nobody collects the children of a killed parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
