"""How builds are kept."""

from dataclasses import replace

import pytest

from releases.build import AS_USUAL, BuildOptions, BuildStatus
from releases.store import Store
from releases.store.builds import NoSuchBuild
from tests.fakes.examples import COMMIT, artifact

pytestmark = pytest.mark.integration
REF = "refs/heads/master"


def add(store: Store) -> int:
    """Record a build; return its number."""
    number = store.builds.reserve("myapp")
    store.builds.add("myapp", number, COMMIT, REF, "alice", f"myapp:log-{number}")
    return number


def test_a_new_build_is_queued_and_knows_its_commit(store: Store) -> None:
    build = store.builds.get("myapp", add(store))
    assert (build.number, build.status, build.commit) == (1, BuildStatus.QUEUED, COMMIT)
    assert (build.ref, build.who, build.log) == (REF, "alice", "myapp:log-1")
    assert build.tag == f"paas/myapp:{COMMIT}"
    assert build.artifact is None


def test_what_was_asked_of_it_is_kept_too(store: Store) -> None:
    assert store.builds.get("myapp", add(store)).options == AS_USUAL
    wanted = BuildOptions(no_cache=True)
    store.builds.add("myapp", 9, COMMIT, REF, "alice", "log", wanted)
    assert store.builds.get("myapp", 9).options == wanted
    assert not wanted.reuses_image


def test_what_became_of_it_is_kept(store: Store) -> None:
    queued = store.builds.get("myapp", add(store))
    made = artifact(processes={"web": None, "worker": "work"})
    done = replace(
        queued, status=BuildStatus.SUCCEEDED, finished_at=2.5, buildpack="python", artifact=made
    )
    store.builds.save(done)
    assert store.builds.get("myapp", 1) == done


def test_a_reserved_number_without_a_build_is_no_build(store: Store) -> None:
    assert store.builds.reserve("myapp") == 1
    with pytest.raises(NoSuchBuild, match="app myapp has no build 1; `builds myapp` lists them"):
        store.builds.get("myapp", 1)
    assert store.builds.list("myapp") == []
    assert add(store) == 2


def test_builds_are_listed_newest_first(store: Store) -> None:
    numbers = [add(store) for _ in range(12)]
    assert [build.number for build in store.builds.list("myapp")] == numbers[::-1]


def test_a_forgotten_build_takes_its_log_along_and_no_other(store: Store) -> None:
    for number in (add(store), add(store)):
        store.logs.append(store.builds.get("myapp", number).log, [f"build {number}"])
    store.builds.forget(store.builds.get("myapp", 1))
    assert [build.number for build in store.builds.list("myapp")] == [2]
    assert store.logs.read("myapp:log-1") == []
    assert [entry.line for entry in store.logs.read("myapp:log-2")] == ["build 2"]
    assert store.builds.reserve("myapp") == 3
