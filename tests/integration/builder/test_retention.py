"""Which builds are kept."""

import pytest

from builder.retention import KEPT, forget_old_builds, forget_sources, settle_lost_builds
from builder.source.archive import source_path
from releases.app import Desired
from releases.build import Build, BuildStatus
from releases.platform import Platform
from releases.release import Artifact, Release
from tests.builds import end_build, start_build

pytestmark = pytest.mark.integration


def add(platform: Platform, status: BuildStatus) -> Build:
    running = start_build(platform.store, "hello")
    path = source_path(platform.settings.sources, "hello", running.number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    if status is BuildStatus.RUNNING:
        return running
    return end_build(platform.store, running, status=status)


def sources(platform: Platform) -> list[int]:
    return sorted(int(path.stem) for path in platform.settings.sources.glob("hello/*"))


def test_old_builds_go_with_their_sources_but_not_what_runs(platform: Platform) -> None:
    platform.store.apps.create("hello", "tester")
    builds = [add(platform, BuildStatus.SUCCEEDED) for _ in range(KEPT + 4)]
    artifact = Artifact("sha256:1", "a" * 40, 2, {"web": None}, 5000)
    platform.store.releases.add(Release("hello", 1, artifact, {}, "ann", 0.0, "Deploy"))
    with platform.store.locks.hold("hello", "a test") as lock:
        platform.store.apps.set_target(lock, Desired(1, {"web": 1}))
    forget_old_builds(platform, builds[-1])
    left = [2, *range(5, KEPT + 5)]
    assert [build.number for build in reversed(platform.store.builds.list("hello"))] == left
    assert sources(platform) == left


def test_sources_go_when_a_build_host_has_removed_their_records(platform: Platform) -> None:
    platform.store.apps.create("hello", "tester")
    builds = [add(platform, BuildStatus.SUCCEEDED) for _ in range(KEPT + 4)]
    for build in (builds[0], builds[2], builds[-1]):  # the last one: a request under way
        platform.store.builds.forget(build)
    forget_sources(platform, platform.store.builds.list("hello"))
    assert sources(platform) == [2, *range(4, KEPT + 5)]


def test_a_source_that_never_became_a_build_goes_but_not_one_being_written(
    platform: Platform,
) -> None:
    platform.store.apps.create("hello", "tester")
    add(platform, BuildStatus.SUCCEEDED)
    current = add(platform, BuildStatus.RUNNING)
    directory = source_path(platform.settings.sources, "hello", 1).parent
    platform.store.builds.forget(platform.store.builds.get("hello", 1))
    (directory / "1.part").touch()
    (directory / "3.part").touch()
    forget_old_builds(platform, current)
    assert sorted(path.name for path in directory.iterdir()) == ["2.tar", "3.part"]


def test_a_build_that_nobody_runs_is_settled_and_its_followers_are_told(
    platform: Platform,
) -> None:
    platform.store.apps.create("hello", "tester")
    lost = add(platform, BuildStatus.RUNNING)
    current = add(platform, BuildStatus.RUNNING)
    settle_lost_builds(platform, current)
    builds = platform.store.builds
    assert builds.get("hello", lost.number).status is BuildStatus.FAILED
    assert builds.get("hello", current.number).status is BuildStatus.RUNNING
    (verdict,) = platform.store.logs.read(lost.log)
    assert (verdict.ended, verdict.ok) == (True, False)
