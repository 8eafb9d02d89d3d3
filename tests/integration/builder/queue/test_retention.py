"""Which builds are kept, and which sources."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from builder.queue.retention import forget_old_builds
from builder.source.archive import source_path
from releases.domain.build import Build, BuildStatus
from releases.domain.desired import Desired
from releases.domain.release import Artifact, Release
from releases.platform import Platform
from tests.builds import end_build, queue_build, start_build

pytestmark = pytest.mark.integration
KEPT = 3


@pytest.fixture
def few(platform: Platform) -> Platform:
    """A platform that keeps three builds of an app, and an app on it."""
    platform.store.apps.create("hello", "tester")
    return replace(platform, settings=replace(platform.settings, builds_kept=KEPT))


def add(platform: Platform, status: BuildStatus) -> Build:
    running = start_build(platform.store, "hello")
    return end_build(platform.store, running, status=status)


def numbers(platform: Platform) -> list[int]:
    return sorted(build.number for build in platform.store.builds.list("hello"))


def old_source(platform: Platform, name: str) -> Path:
    path = source_path(platform.settings.sources, "hello", 0).parent / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - 7200,) * 2)
    return path


def test_old_builds_go_however_they_ended_but_not_what_runs(few: Platform) -> None:
    for status in (BuildStatus.SUCCEEDED, BuildStatus.SUCCEEDED, BuildStatus.FAILED):
        add(few, status)
    queue_build(few.store, "hello")  # the next one supersedes it
    start_build(few.store, "hello")
    artifact = Artifact("sha256:1", "a" * 40, 2, {"web": None}, 5000)
    few.store.releases.add(Release("hello", 1, artifact, {}, "ann", 0.0, "Deploy"))
    with few.store.locks.hold("hello", "a test") as lock:
        few.store.apps.set_target(lock, Desired(1, {"web": 1}))
    forget_old_builds(few, "hello")
    assert numbers(few) == [2, 3, 4, 5]


def test_builds_that_have_not_ended_are_kept(few: Platform) -> None:
    first = start_build(few.store, "hello")
    for _ in range(KEPT + 1):
        add(few, BuildStatus.FAILED)
    queue_build(few.store, "hello")
    forget_old_builds(few, "hello")
    assert first.number in numbers(few)


def test_sources_that_no_build_needs_any_more_go(few: Platform) -> None:
    add(few, BuildStatus.FAILED)
    current = start_build(few.store, "hello")
    stale = [old_source(few, name) for name in ("1.tar", "0af3.tar", "0af3.part")]
    kept = [old_source(few, f"{current.number}.tar")]
    young = old_source(few, "77ab.part")
    young.touch()  # a request is writing it
    forget_old_builds(few, "hello")
    assert [path for path in (*stale, *kept, young) if path.exists()] == [*kept, young]
