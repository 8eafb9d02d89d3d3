"""How apps, their config and changes to it are kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from releases.domain.app import AppExists, BadAppName, NoSuchApp
from releases.domain.config import BuildConfig, ConfigChange
from releases.domain.desired import Desired
from releases.domain.route import Route
from releases.store import Store
from releases.store.configs import NoSuchChange
from releases.store.locks import LockLost
from tests.builds import queue_build
from tests.fakes.examples import release

pytestmark = pytest.mark.integration
SECRET = "s3cret value\n'\" grüße"  # noqa: S105 - this is what the tests look for in Redis


def is_in(found: dict[str, str]) -> bool:
    """Whether the secret, or its beginning, stands anywhere."""
    return "s3cret" in str(found)


def test_a_new_app_is_there_with_its_maker_and_nothing_runs(store: Store) -> None:
    store.apps.create("myapp", "alice")
    app = store.apps.get("myapp")
    assert (app.name, app.created_by, app.formation) == ("myapp", "alice", {})
    assert (app.live, app.target, app.destroying) == (None, None, False)
    assert store.apps.exists("myapp")
    assert store.apps.names() == ["myapp"]


def test_a_name_is_taken_once(store: Store) -> None:
    store.apps.create("myapp", "alice")
    with pytest.raises(AppExists, match="app myapp exists already"):
        store.apps.create("myapp", "bob")
    assert store.apps.get("myapp").created_by == "alice"


def test_a_bad_name_creates_nothing(store: Store, everything: Callable[[], dict[str, str]]) -> None:
    with pytest.raises(BadAppName):
        store.apps.create("my_app", "alice")
    assert everything() == {}


def test_a_missing_app_is_said_to_be_missing(store: Store) -> None:
    assert not store.apps.exists("myapp")
    with pytest.raises(NoSuchApp, match="app myapp does not exist; `apps` lists them") as missing:
        store.apps.get("myapp")
    assert missing.value.exit_status == 20


def test_all_apps_come_sorted(store: Store) -> None:
    for name in ("c", "a", "b"):
        store.apps.create(name, "alice")
    assert [app.name for app in store.apps.all()] == ["a", "b", "c"]


def test_the_deploy_branch_is_kept_until_it_is_taken_back(store: Store) -> None:
    store.apps.create("myapp", "alice")
    assert store.apps.get("myapp").deploy_branch == ""
    store.apps.set_deploy_branch("myapp", "live")
    assert store.apps.get("myapp").deploy_branch == "live"
    store.apps.set_deploy_branch("myapp", "")
    assert store.apps.get("myapp").deploy_branch == ""


def test_release_numbers_begin_with_one_and_never_come_again(store: Store) -> None:
    store.apps.create("myapp", "alice")
    assert [store.apps.next_release("myapp") for _ in range(3)] == [1, 2, 3]


def test_the_formation_is_kept(store: Store) -> None:
    store.apps.create("myapp", "alice")
    store.apps.set_formation("myapp", {"web": 2, "worker": 1})
    assert store.apps.get("myapp").formation == {"web": 2, "worker": 1}


def test_a_target_is_kept_until_it_is_given_up(store: Store) -> None:
    store.apps.create("myapp", "alice")
    target = Desired(1, {"web": 2}, boot=3, log="myapp:1")
    with store.locks.hold("myapp", "Deploy") as lock:
        store.apps.set_target(lock, target)
        assert store.apps.get("myapp").target == target
        store.apps.set_target(lock, None)
        assert store.apps.get("myapp").target is None


def test_who_lost_the_lock_cannot_set_a_target(
    store: Store, raw: redis.Redis, everything: Callable[[], dict[str, str]]
) -> None:
    store.apps.create("myapp", "alice")
    with store.locks.try_hold("myapp", "Stalled") as stale:
        assert stale
        raw.delete("paas:app:myapp:lock")
        with store.locks.try_hold("myapp", "Deploy") as lock:
            assert lock
            store.apps.set_target(lock, Desired(2, {"web": 1}))
            before = everything()
            for target in (Desired(1, {"web": 1}), None):
                with pytest.raises(LockLost, match="lost the lock of myapp"):
                    store.apps.set_target(stale, target)
            assert everything() == before


def test_an_expired_lock_cannot_set_a_target(store: Store, raw: redis.Redis) -> None:
    store.apps.create("myapp", "alice")
    with store.locks.try_hold("myapp", "Stalled") as stale:
        assert stale
        raw.delete("paas:app:myapp:lock")
        with pytest.raises(LockLost):
            store.apps.set_target(stale, Desired(1, {"web": 1}))


def test_config_comes_back_exactly(store: Store) -> None:
    store.apps.create("myapp", "alice")
    assert store.configs.config("myapp") == {}
    store.configs.set_config("myapp", {"A": SECRET, "EMPTY": ""})
    assert store.configs.config("myapp") == {"A": SECRET, "EMPTY": ""}


def test_no_config_value_can_be_read_in_redis(
    store: Store, everything: Callable[[], dict[str, str]]
) -> None:
    store.apps.create("myapp", "alice")
    store.configs.set_config("myapp", {"A": SECRET})
    store.configs.add_change(ConfigChange({"A": SECRET}))
    store.releases.add(release(config={"A": SECRET}))
    with store.locks.hold("myapp", "Deploy") as lock:
        store.routes.flip(lock, Desired(1, {"web": 1}), {"A": SECRET}, [])
    assert not is_in(everything())
    assert is_in({"the check itself": SECRET})


def test_a_change_comes_back_from_its_id_alone(store: Store) -> None:
    change = ConfigChange({"A": SECRET}, ("B", "C"))
    identifier = store.configs.add_change(change)
    assert store.configs.change(identifier) == change


def test_a_kept_change_goes_by_itself(store: Store, raw: redis.Redis) -> None:
    identifier = store.configs.add_change(ConfigChange({"A": SECRET}))
    assert 0 < raw.ttl(f"paas:change:{identifier}") <= 24 * 3600


def test_a_change_that_is_gone_is_one_plain_line(store: Store) -> None:
    with pytest.raises(NoSuchChange, match="was kept for a day and is gone; set it again"):
        store.configs.change("f00d")


def lived(store: Store, name: str) -> None:
    """An app with something of every kind."""
    store.apps.create(name, "alice")
    store.configs.set_config(name, {"A": "1"})
    assert store.routes.claim_domain(name, f"www.{name}.example")
    log = store.logs.new(name)
    store.logs.end(log, ok=True, line="live")
    queue_build(store, name, log=log)
    store.logs.append(store.logs.new(name), ["a config change"])
    store.releases.add(release(name, store.apps.next_release(name)))
    with store.locks.hold(name, "Deploy") as lock:
        store.apps.set_target(lock, Desired(1, {"web": 1}))
        route = Route(f"{name}.localhost", name, ("http://10.0.0.1:5000",))
        store.routes.flip(lock, Desired(1, {"web": 1}), {"A": "1"}, [route])
    store.retire_later(name)


def test_nothing_names_an_app_that_is_gone_but_the_routers_tombstones(
    store: Store, everything: Callable[[], dict[str, str]]
) -> None:
    lived(store, "myapp")
    store.apps.mark_destroying("myapp")
    store.routes.unroute("myapp")
    for build in store.builds.list("myapp"):
        store.builds.forget(build)
    store.apps.forget("myapp")
    naming = {key for key, value in everything().items() if "myapp" in key + value}
    assert naming == {"router:changed"}
    assert not store.apps.exists("myapp")


def test_apps_of_similar_names_stay(store: Store, everything: Callable[[], dict[str, str]]) -> None:
    for name in ("app", "app-2", "my-app"):
        lived(store, name)
    before = {key: value for key, value in everything().items() if "app-2" in key + value}
    store.routes.unroute("app")
    store.apps.forget("app")
    for key in [key for key in before if key.startswith("paas:app:")]:
        assert everything()[key] == before[key]
    assert store.apps.names() == ["app-2", "my-app"]
    assert store.routes.domain_owner("www.app-2.example") == "app-2"
    assert store.routes.hosts("my-app") == ["my-app.localhost"]


def test_its_domain_is_free_again(store: Store) -> None:
    lived(store, "myapp")
    store.apps.forget("myapp")
    store.apps.create("other", "alice")
    assert store.routes.claim_domain("other", "www.myapp.example")


def test_a_name_that_is_free_again_begins_anew(store: Store) -> None:
    lived(store, "myapp")
    store.apps.forget("myapp")
    # Latecomers that looked before the app was gone.
    store.apps.mark_destroying("myapp")
    store.builds.reserve("myapp")
    with pytest.raises(NoSuchApp):
        store.apps.get("myapp")
    store.apps.create("myapp", "bob")
    app = store.apps.get("myapp")
    assert (app.created_by, app.live, app.destroying) == ("bob", None, False)
    assert store.releases.list("myapp") == []


def test_the_config_of_builds_is_sealed_and_goes_with_the_app(
    store: Store, everything: Callable[[], dict[str, str]]
) -> None:
    store.apps.create("myapp", "alice")
    assert store.configs.build_config("myapp") == BuildConfig()
    store.configs.change_build_config("myapp", ConfigChange({"TOKEN": SECRET, "A": "1"}))
    store.configs.change_build_config("myapp", ConfigChange({"A": "2"}))
    config = store.configs.build_config("myapp")
    assert (config.values, config.version) == ({"TOKEN": SECRET, "A": "2"}, 2)
    assert "s3cret" not in repr(config)
    assert not is_in(everything())
    store.apps.forget("myapp")
    assert everything() == {}
    with pytest.raises(NoSuchApp):
        store.configs.change_build_config("myapp", ConfigChange({"A": "1"}))
    assert everything() == {}


def test_a_digest_says_whether_a_build_var_changed_and_nothing_else(store: Store) -> None:
    store.apps.create("myapp", "alice")
    seen = []
    for value in ("one", "two", "one"):
        store.configs.change_build_config("myapp", ConfigChange({"A": value, "B": "one"}))
        seen.append(store.configs.build_config("myapp").digests)
    assert seen[0] == seen[2]
    assert seen[0]["A"] != seen[1]["A"]
    assert seen[0]["B"] == seen[1]["B"]
    assert seen[0]["A"] != seen[0]["B"]


def test_changes_of_the_build_config_at_once_are_all_kept(store: Store) -> None:
    store.apps.create("myapp", "alice")
    names = [f"VAR_{number}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        changes = [ConfigChange({name: "1"}) for name in names]
        list(pool.map(lambda change: store.configs.change_build_config("myapp", change), changes))
    config = store.configs.build_config("myapp")
    assert (sorted(config.values), config.version) == (sorted(names), 16)
