"""A build that fills the disk is stopped in time, others go on, and the room comes back."""

import pytest

from builder.limits.disk import free_bytes
from releases.domain.build import BuildStatus
from tests.docker.limits.conftest import MB, Yard
from tests.docker.limits.other_app import OtherApp
from tests.services import wait_for

pytestmark = pytest.mark.docker

FILL = "busybox dd if=/dev/zero of=/big bs=1M count=1000 && exec busybox sleep 98765101"


def too_much(yard: Yard) -> str:
    """Why such a build is stopped."""
    return (
        f"it was stopped: it took more than 80 MB of the disk of {yard.engine.data_root} "
        "(the setting build_disk_mb)"
    )


def test_a_build_that_takes_too_much_of_the_disk_is_stopped_and_its_room_comes_back(
    yard: Yard, other: OtherApp
) -> None:
    before = free_bytes(yard.engine.data_root)
    build = yard.run("hoarder", FILL)
    assert (build.status, build.reason) == (BuildStatus.FAILED, too_much(yard))
    wait_for(lambda: free_bytes(yard.engine.data_root) > before - 5 * MB, "the room")
    assert other.missed() == []


def test_the_neighbour_of_a_build_that_fills_the_disk_goes_on(yard: Yard) -> None:
    neighbour = yard.begin("neighbour", "echo begun; busybox sleep 2")
    wait_for(lambda: "       begun" in yard.output(neighbour), "the neighbour")
    assert yard.run("glutton", FILL).reason == too_much(yard)
    assert yard.wait_for_end(neighbour).status is BuildStatus.SUCCEEDED


def test_what_all_steps_of_a_build_and_its_caches_take_is_added_up(yard: Yard) -> None:
    write = "busybox dd if=/dev/urandom of={}/part bs=1M count=45"
    build = yard.run(
        "parts",
        write.format("/"),
        f"--mount=type=cache,target=/cache {write.format('/cache')} && busybox sleep 98765102",
    )
    assert build.reason == too_much(yard)
