"""How releases are kept: written once, but for how their rollout ended."""

import json
from collections.abc import Callable

import pytest
import redis
from cryptography.fernet import Fernet

from releases.domain.desired import Desired
from releases.domain.release import ReleaseStatus
from releases.errors import PaasError
from releases.settings import Settings
from releases.store import Store
from releases.store.connection import connect
from releases.store.releases import NoSuchRelease
from releases.store.routes import ReleaseEnded
from releases.vault import Vault, WrongKey
from tests.fakes.examples import artifact, release

pytestmark = pytest.mark.integration


def flip(store: Store, number: int) -> None:
    """Make a release live."""
    with store.locks.hold("myapp", "Deploy") as lock:
        store.routes.flip(lock, Desired(number, {"web": 1}), {}, [])


def status(store: Store, number: int) -> ReleaseStatus:
    """How its rollout ended."""
    return store.releases.get_with_state("myapp", number)[1].status


@pytest.fixture
def app(store: Store) -> Store:
    """A store with an app that has three pending releases."""
    store.apps.create("myapp", "alice")
    for number in (1, 2, 3):
        assert store.apps.next_release("myapp") == number
        store.releases.add(release(number=number))
    return store


def test_a_release_comes_back_as_it_was(app: Store) -> None:
    made = artifact(processes={"web": "serve 'two words'", "worker": None}, port=3000)
    number = app.apps.next_release("myapp")
    kept = release(number=number, made=made, config={"A": "grüße\n"}, why="Set A")
    app.releases.add(kept)
    assert app.releases.get("myapp", number) == kept
    assert status(app, number) is ReleaseStatus.PENDING


def test_a_release_is_written_once(app: Store, everything: Callable[[], dict[str, str]]) -> None:
    before = everything()
    with pytest.raises(PaasError, match="v1 of myapp exists already"):
        app.releases.add(release(number=1, why="Something else"))
    assert everything() == before


def test_a_missing_release_is_said_to_be_missing(app: Store) -> None:
    for name, number in (("myapp", 4), ("other", 1)):
        with pytest.raises(NoSuchRelease, match=f"app {name} has no release v{number}"):
            app.releases.get(name, number)


def test_what_a_release_runs_can_be_read_without_the_key_to_its_config(
    app: Store, settings: Settings
) -> None:
    keyless = Store(connect(settings.redis), Vault(Fernet.generate_key()))
    assert keyless.releases.artifact("myapp", 2) == app.releases.get("myapp", 2).artifact
    with pytest.raises(WrongKey):
        keyless.releases.get("myapp", 2)
    with pytest.raises(NoSuchRelease, match="no release v9"):
        keyless.releases.artifact("myapp", 9)


def test_a_record_from_before_there_were_registries_comes_back(app: Store, redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url, decode_responses=True)
    [key] = client.keys("*:release:2")
    document = json.loads(str(client.hget(str(key), "artifact")))
    del document["reference"]
    client.hset(str(key), "artifact", json.dumps(document))
    assert app.releases.get("myapp", 2).artifact == artifact()


def test_they_are_listed_newest_first(app: Store) -> None:
    assert [found.name for found, _ in app.releases.list("myapp")] == ["v3", "v2", "v1"]
    assert app.releases.list("other") == []


def test_a_number_without_a_release_is_left_out(app: Store) -> None:
    app.apps.next_release("myapp")
    assert [found.name for found, _ in app.releases.list("myapp")] == ["v3", "v2", "v1"]


def test_a_failed_release_keeps_its_number_and_its_reason(app: Store) -> None:
    app.releases.fail("myapp", 1, "web.1 exited with status 3")
    _, state = app.releases.get_with_state("myapp", 1)
    assert (state.status, state.reason) == (ReleaseStatus.FAILED, "web.1 exited with status 3")
    assert app.releases.get("myapp", 1) == release(number=1)


def test_a_flip_supersedes_the_release_before(app: Store) -> None:
    flip(app, 1)
    assert status(app, 1) is ReleaseStatus.LIVE
    flip(app, 2)
    assert (status(app, 1), status(app, 2)) == (ReleaseStatus.SUPERSEDED, ReleaseStatus.LIVE)
    assert status(app, 3) is ReleaseStatus.PENDING


def test_a_flip_to_the_live_release_keeps_it_live(app: Store) -> None:
    flip(app, 1)
    flip(app, 1)
    assert status(app, 1) is ReleaseStatus.LIVE


def test_only_a_pending_release_can_fail(app: Store) -> None:
    flip(app, 1)
    flip(app, 2)
    app.releases.fail("myapp", 3, "first")
    for number, now in ((1, "superseded"), (2, "live"), (3, "failed")):
        with pytest.raises(PaasError, match=f"v{number} of myapp is {now} and cannot fail"):
            app.releases.fail("myapp", number, "second")
        assert status(app, number) == now
    assert app.releases.get_with_state("myapp", 3)[1].reason == "first"


def test_a_release_that_ended_never_becomes_live(
    app: Store, everything: Callable[[], dict[str, str]]
) -> None:
    flip(app, 1)
    flip(app, 2)
    app.releases.fail("myapp", 3, "died")
    for number in (1, 3):
        with app.locks.hold("myapp", "Deploy") as lock:
            before = everything()
            with pytest.raises(ReleaseEnded, match=f"v{number} of myapp has ended"):
                app.routes.flip(lock, Desired(number, {"web": 1}), {}, [])
            assert everything() == before
