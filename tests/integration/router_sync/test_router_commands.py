"""The commands on routers: what they show, and which router can be given up."""

import io
import json

import pytest
import redis

from releases.command import Session
from releases.domain.app import Desired
from releases.domain.route import Route
from releases.platform import Platform
from releases.store import keys
from router_sync.commands import COMMANDS
from router_sync.routers import NoSuchRouter, RouterIsAwake

pytestmark = pytest.mark.integration


def run(platform: Platform, name: str, **given: object) -> str:
    """Run a command as Ada; return what it printed."""
    out = io.StringIO()
    row = next(command for command in COMMANDS if command.name == name)
    row.run(Session(platform, "ada", io.BytesIO(), out), **given)
    return out.getvalue()


@pytest.fixture
def one_is_gone(platform: Platform) -> Platform:
    """Two routers, of which the one named gone is silent and behind."""
    routes = platform.store.routes
    for name in ("here:80", "gone:80"):
        routes.join(name)
        routes.acknowledge(name, 0, {})
    platform.store.apps.create("shop", "ada")
    with platform.store.locks.hold("shop", "test") as lock:
        one = Route("shop.localhost", "shop", ())
        routes.acknowledge("here:80", routes.flip(lock, Desired(1, {}), {}, [one]), {})
    redis.Redis.from_url(platform.settings.redis).delete(keys.alive("gone:80"))
    return platform


def test_routers_are_listed_with_what_they_confirmed(one_is_gone: Platform) -> None:
    lines = run(one_is_gone, "routers", as_json=False).splitlines()

    assert lines[1].split() == ["gone:80", "silent", "0", "of", "1"]
    assert lines[2].split() == ["here:80", "awake", "1", "of", "1"]


def test_programs_get_json(one_is_gone: Platform) -> None:
    listed = json.loads(run(one_is_gone, "routers", as_json=True))

    assert listed["version"] == 1
    assert listed["routers"][0] == {"name": "gone:80", "is_awake": False, "version": 0}


def test_a_rollout_no_longer_waits_for_a_router_that_was_removed(one_is_gone: Platform) -> None:
    store = one_is_gone.store
    assert store.routes.unacknowledged(1) == ["gone:80"]

    with store.acknowledgements() as woken:
        said = run(one_is_gone, "routers:remove", router="gone:80")
        assert woken.wait(5.0)

    assert "Removed gone:80" in said
    assert store.routes.unacknowledged(1) == []
    assert store.routes.members() == ["here:80"]


def test_a_router_that_is_awake_stays(one_is_gone: Platform) -> None:
    with pytest.raises(RouterIsAwake, match="is awake"):
        run(one_is_gone, "routers:remove", router="here:80")

    assert one_is_gone.store.routes.members() == ["gone:80", "here:80"]


def test_a_router_that_nobody_knows_is_said(platform: Platform) -> None:
    with pytest.raises(NoSuchRouter, match="`routers` lists them"):
        run(platform, "routers:remove", router="who")
    assert run(platform, "routers", as_json=False).split() == ["ROUTER", "STATE", "CONFIRMED"]
