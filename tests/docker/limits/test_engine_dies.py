"""Docker goes away in the middle of a build, or has no room at all; both come back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from builder.limits.disk import free_bytes
from releases.domain.build import BuildStatus
from tests.docker.limits.conftest import MB, Yard, steps_of
from tests.docker.limits.other_app import OtherApp
from tests.services import wait_for

pytestmark = pytest.mark.docker


def test_kill_9_of_dockerd_fails_the_build_leaves_no_step_and_the_next_build_works(
    yard: Yard, other: OtherApp
) -> None:
    build = yard.begin("orphan", "echo begun; exec busybox sleep 98765201")
    wait_for(lambda: "       begun" in yard.output(build), "the step")
    yard.engine.kill()
    try:
        ended = yard.wait_for_end(build)
    finally:
        yard.engine.start()
    assert (ended.status, ended.reason) == (
        BuildStatus.FAILED,
        "Docker went away in the middle of it; try again",
    )
    assert yard.run("after-death", "true").status is BuildStatus.SUCCEEDED
    wait_for(lambda: not steps_of(yard), "the end of the step that dockerd left behind")
    assert other.missed() == []


def test_a_full_disk_stops_the_build_refuses_the_next_and_breaks_nothing(
    yard: Yard, other: OtherApp
) -> None:
    build = yard.begin("squeezed", "echo begun; busybox sleep 98765202")
    wait_for(lambda: "       begun" in yard.output(build), "the step")
    with full(yard):
        ended = yard.wait_for_end(build)
        assert ended.status is BuildStatus.FAILED
        assert ended.reason.startswith(f"it was stopped: the disk of {yard.engine.data_root} has ")
        refused = yard.run("refused", "true")
    assert refused.status is BuildStatus.FAILED
    assert "less than 60 (the setting low_disk_mb); free some" in refused.reason
    assert refused.reason.endswith("`docker builder prune`, and push again")
    assert yard.run("after-full", "echo as ever > /file").status is BuildStatus.SUCCEEDED
    assert other.missed() == []


def test_a_step_that_meets_a_full_disk_says_why_and_the_next_build_works(
    yard: Yard, other: OtherApp
) -> None:
    write = "until busybox dd if=/dev/zero of=/x bs=64k count=16 && busybox rm /x; do exit 5; done"
    build = yard.begin("bursting", f"echo begun; while :; do {write}; busybox usleep 9000; done")
    wait_for(lambda: "       begun" in yard.output(build), "the step")
    with full(yard):
        ended = yard.wait_for_end(build)
    assert ended.status is BuildStatus.FAILED
    assert "(the setting low_disk_mb); free some" in ended.reason
    assert yard.run("after-burst", "echo as ever > /burst").status is BuildStatus.SUCCEEDED
    assert other.missed() == []


@contextmanager
def full(yard: Yard) -> Iterator[None]:
    """Somebody else takes all the room there is."""
    filler = yard.engine.data_root / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free_bytes(yard.engine.data_root) - MB // 4)
    try:
        yield
    finally:
        filler.unlink()
