"""What the tests of commands share."""

import pytest

from releases.domain.desired import Desired
from releases.platform import Platform
from releases.store import Store
from tests.fakes.examples import artifact, release
from tests.integration.releases.commands.shell import Shell


@pytest.fixture
def shell(platform: Platform) -> Shell:
    """A person at the keyboard."""
    return Shell(platform)


@pytest.fixture
def live(store: Store) -> str:
    """The name of an app with releases v1 (superseded), v2 (live) and v3 (failed)."""
    store.apps.create("myapp", "bob")
    processes: dict[str, str | None] = {"web": None, "worker": "work"}
    for number in (1, 2, 3):
        store.apps.next_release("myapp")
        made = artifact(build=number, processes=processes)
        store.releases.add(release(number=number, made=made, config={"A": "s3cret"}))
    with store.locks.hold("myapp", "Deploy") as lock:
        for number in (1, 2):
            store.routes.flip(lock, Desired(number, {"web": 2, "worker": 0}), {"A": "s3cret"}, [])
    store.releases.fail("myapp", 3, "web.1 exited with status 3")
    return "myapp"
