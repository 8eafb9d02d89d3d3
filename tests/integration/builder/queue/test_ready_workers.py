"""The process of a build waits for it, ready; whatever becomes of the process, no build is lost."""

import os
import signal
from pathlib import Path

import pytest

from releases.domain.build import BuildStatus
from tests.integration.builder.floor import Floor, is_gone
from tests.services import wait_for

pytestmark = pytest.mark.integration


def children(pid: int) -> list[int]:
    """The processes that a process has made and that have not been buried."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def spare(pid: int) -> int:
    """The one that waits beside an idle worker."""
    wait_for(lambda: children(pid), "the process of the next build")
    (found,) = children(pid)
    return found


def test_a_build_runs_in_the_process_that_waited_for_it(floor: Floor) -> None:
    worker = floor.start_worker()
    first = spare(worker.pid)
    floor.engine.hold("shop")
    build = floor.push("shop")
    floor.wait_until_at_engine("shop")
    assert floor.horse(build) == first
    assert children(worker.pid) == [first]
    floor.engine.let_go("shop")
    floor.wait(build, BuildStatus.SUCCEEDED)
    wait_for(lambda: is_gone(first), "it to end with its build")
    assert spare(worker.pid) != first


def test_a_waiting_process_that_was_killed_is_replaced(floor: Floor) -> None:
    worker = floor.start_worker()
    os.kill(spare(worker.pid), signal.SIGKILL)
    build = floor.push("shop")
    assert floor.wait(build, BuildStatus.SUCCEEDED).attempt == 1


def test_a_waiting_process_ends_with_its_worker(floor: Floor) -> None:
    worker = floor.start_worker()
    waiting = spare(worker.pid)
    worker.kill()
    wait_for(lambda: is_gone(waiting), "it to end")


def test_settings_that_changed_while_the_process_waited_count(floor: Floor) -> None:
    worker = floor.start_worker()
    floor.wait(floor.push("shop"), BuildStatus.SUCCEEDED)
    spare(worker.pid)
    (floor.platform.settings.home / "paas.yml").write_text("builds_kept: 1\n")
    second = floor.push("shop", content="changed")
    floor.wait(second, BuildStatus.SUCCEEDED)
    store = floor.platform.store
    wait_for(lambda: len(store.builds.list("shop")) == 1, "the first build to be forgotten")
