"""How builds are kept."""

from dataclasses import replace

import pytest

from releases.domain.build import (
    AS_USUAL,
    BuildOptions,
    BuildRequest,
    BuildSettings,
    BuildStatus,
    Step,
)
from releases.store import Store
from releases.store.builds import NoSuchBuild, RivalBegan
from tests.builds import end_build, queue_build, start_build
from tests.fakes.examples import COMMIT, artifact

pytestmark = pytest.mark.integration
REF = "refs/heads/main"


def add(store: Store) -> int:
    """Record a build; return its number."""
    return queue_build(store).number


def test_a_new_build_is_queued_and_knows_its_commit(store: Store) -> None:
    build = store.builds.get("myapp", add(store))
    assert (build.number, build.status, build.commit) == (1, BuildStatus.QUEUED, COMMIT)
    assert (build.ref, build.who, build.log) == (REF, "alice", "myapp:log-1")
    assert build.tag == f"paas/myapp:{COMMIT}"
    assert build.artifact is None


def test_what_was_asked_of_it_is_kept_too(store: Store) -> None:
    assert store.builds.get("myapp", add(store)).options == AS_USUAL
    wanted = BuildOptions(no_cache=True)
    build = queue_build(store, options=wanted)
    assert store.builds.get("myapp", build.number).options == wanted
    assert not wanted.reuses_image


def test_what_became_of_it_is_kept(store: Store) -> None:
    made = artifact(processes={"web": None, "worker": "work"})
    steps = (Step("[1/2] COPY . .", 0.25, False, "app.py changed"),)
    running = start_build(store)
    done = end_build(
        store, running, finished_at=2.5, buildpack="python", artifact=made, steps=steps
    )
    assert store.builds.get("myapp", 1) == done
    assert done.has_ended


def test_a_newer_build_supersedes_the_queued_one_and_never_the_running_one(store: Store) -> None:
    running, queued = start_build(store), queue_build(store)
    request = BuildRequest("myapp", COMMIT, REF, "bob")
    newest, *superseded = store.builds.add(request, store.builds.reserve("myapp"), "log")
    assert [build.number for build in superseded] == [queued.number]
    assert superseded[0].superseded_by == newest.number
    states = {build.number: build.status for build in store.builds.list("myapp")}
    assert states == {
        running.number: BuildStatus.RUNNING,
        queued.number: BuildStatus.SUPERSEDED,
        newest.number: BuildStatus.QUEUED,
    }


def test_a_build_cannot_be_added_behind_a_rival_that_has_begun(store: Store) -> None:
    running, queued = start_build(store), queue_build(store)
    request = BuildRequest("myapp", COMMIT, REF, "bob", rivals=(running.number, queued.number))
    with pytest.raises(RivalBegan, match=f"build {running.number} "):
        store.builds.add(request, store.builds.reserve("myapp"), "log")
    assert store.builds.get("myapp", queued.number).status is BuildStatus.QUEUED


def test_a_queued_build_is_taken_once(store: Store) -> None:
    build = queue_build(store)
    taken = store.builds.start("myapp", build.number)
    assert taken
    assert (taken.status, taken.attempt) == (BuildStatus.RUNNING, 1)
    assert store.builds.start("myapp", build.number) is None


def test_a_cancelled_build_is_never_begun(store: Store) -> None:
    build = queue_build(store)
    assert store.builds.cancel("myapp", build.number, "bob") is BuildStatus.QUEUED
    assert store.builds.start("myapp", build.number) is None
    assert store.builds.get("myapp", build.number).cancelled_by == "bob"


def test_cancelling_a_running_build_marks_it_for_whoever_ends_it(store: Store) -> None:
    running = start_build(store)
    assert store.builds.cancel("myapp", running.number, "bob") is BuildStatus.RUNNING
    assert store.builds.get("myapp", running.number) == replace(running, cancelled_by="bob")


def test_a_build_that_has_ended_is_not_written_over(store: Store) -> None:
    running = start_build(store)
    done = end_build(store, running)
    late = replace(running, status=BuildStatus.FAILED, reason="too late")
    assert not store.builds.change(running, late)
    assert store.builds.cancel("myapp", done.number, "bob") is BuildStatus.SUCCEEDED
    assert store.builds.get("myapp", done.number) == done


def test_who_asks_again_because_the_answer_was_lost_gets_the_same(store: Store) -> None:
    running = start_build(store)
    done = end_build(store, running)
    assert store.builds.change(running, done)
    assert not store.builds.change(running, replace(done, finished_at=1.0))


def test_an_attempt_that_was_given_up_cannot_write_any_more(store: Store) -> None:
    first = start_build(store)
    store.builds.change(first, replace(first, status=BuildStatus.QUEUED))
    second = store.builds.start("myapp", first.number)
    assert second
    assert not store.builds.change(first, replace(first, status=BuildStatus.SUCCEEDED))
    assert store.builds.get("myapp", first.number) == second


def test_a_cancelled_build_can_only_become_so(store: Store) -> None:
    running = start_build(store)
    store.builds.cancel("myapp", running.number, "bob")
    for status in (BuildStatus.SUCCEEDED, BuildStatus.FAILED, BuildStatus.QUEUED):
        assert not store.builds.change(running, replace(running, status=status))
    assert store.builds.change(running, replace(running, status=BuildStatus.CANCELLED))


def test_how_an_app_is_built_is_kept(store: Store) -> None:
    assert store.builds.settings("myapp") == BuildSettings()
    wanted = BuildSettings(buildpack="python", caches=2)
    store.builds.set_settings("myapp", wanted)
    assert store.builds.settings("myapp") == wanted


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
