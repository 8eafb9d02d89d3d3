"""Which builds somebody may wait for, and whom a place is told."""

import pytest

from releases.domain.build import BuildStatus
from releases.store import Store
from tests.builds import end_build, queue_build, start_build

pytestmark = pytest.mark.integration


def test_a_build_is_open_from_its_request_until_it_is_closed(store: Store) -> None:
    build = start_build(store, "my-app")
    assert store.open_builds.all() == {("my-app", 1): BuildStatus.RUNNING}
    end_build(store, build)
    assert store.open_builds.all() == {("my-app", 1): BuildStatus.SUCCEEDED}
    store.open_builds.close("my-app", 1)
    assert store.open_builds.all() == {}


def test_superseded_cancelled_and_forgotten_builds_are_kept_in_step(store: Store) -> None:
    queue_build(store)
    newer = queue_build(store)
    assert store.open_builds.all()["myapp", 1] is BuildStatus.SUPERSEDED
    store.builds.cancel("myapp", newer.number, "bob")
    assert store.open_builds.all()["myapp", 2] is BuildStatus.CANCELLED
    for build in store.builds.list("myapp"):
        store.builds.forget(build)
    assert store.open_builds.all() == {}


def test_a_place_is_told_once_and_again_when_it_is_better(store: Store) -> None:
    build = ("myapp", queue_build(store).number)
    told = [bool(store.open_builds.to_tell({build: place})) for place in (3, 3, 4, 2)]
    assert told == [True, False, False, True]


def test_far_behind_every_tenth_place_is_told(store: Store) -> None:
    build = ("myapp", queue_build(store).number)
    told = [place for place in range(95, 0, -1) if store.open_builds.to_tell({build: place})]
    assert told == [95, *range(90, 10, -10), *range(10, 0, -1)]


def test_who_runs_is_told_no_place(store: Store) -> None:
    running = start_build(store)
    assert store.open_builds.to_tell({("myapp", running.number): 1}) == []
    assert store.open_builds.to_tell({}) == []
