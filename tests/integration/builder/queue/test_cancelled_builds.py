"""`builds:cancel`: what it ends, what it leaves, and what it says."""

import io

import pytest

from builder.commands import COMMANDS
from builder.commands.cancel import BuiltAlready
from builder.source.archive import source_path
from releases.command import Session
from releases.domain.build import BuildStatus
from releases.log import DeployLog
from releases.platform import Platform
from tests.builds import end_build, start_build
from tests.integration.builder.floor import Floor, is_gone
from tests.services import wait_for

pytestmark = pytest.mark.integration
RUN = {command.name: command.run for command in COMMANDS}


def cancel(platform: Platform, app: str, number: int | None = None) -> str:
    """What bob is told who cancels a build."""
    out = io.StringIO()
    RUN["builds:cancel"](Session(platform, "bob", io.BytesIO(), out), app=app, number=number)
    return out.getvalue()


def test_a_build_that_waits_is_never_begun(floor: Floor) -> None:
    build = floor.push("shop")
    assert cancel(floor.platform, "shop") == "-----> Build 1 was cancelled by bob\n"
    assert floor.lines(build)[-1] == "Build 1 was cancelled by bob"
    assert not source_path(floor.platform.settings.sources, "shop", 1).exists()
    floor.start_worker()
    floor.wait(floor.push("blog"), BuildStatus.SUCCEEDED)
    ended = floor.platform.store.builds.get("shop", 1)
    assert (ended.status, ended.attempt, floor.engine.asked) == (
        BuildStatus.CANCELLED,
        0,
        ["blog"],
    )


def test_a_build_that_runs_is_killed_and_the_next_one_begins(floor: Floor) -> None:
    floor.engine.hold("shop")
    floor.start_worker()
    build = floor.push("shop")
    floor.wait_until_at_engine("shop")
    waiting, horse = floor.push("shop", content="changed"), floor.horse(build)
    assert cancel(floor.platform, "shop") == "-----> Build 1 was cancelled by bob\n"
    assert is_gone(horse)
    ended = floor.platform.store.builds.get("shop", 1)
    assert (ended.status, ended.cancelled_by) == (BuildStatus.CANCELLED, "bob")
    assert floor.lines(build)[-1] == "Build 1 was cancelled by bob"
    floor.engine.let_go("shop")
    floor.wait(waiting, BuildStatus.SUCCEEDED)
    source = source_path(floor.platform.settings.sources, "shop", 1)
    wait_for(lambda: not source.exists(), "the source to be removed")


def test_a_build_is_cancelled_by_its_number(floor: Floor) -> None:
    floor.engine.hold("shop")
    floor.start_worker()
    running = floor.push("shop")
    floor.wait_until_at_engine("shop")
    waiting = floor.push("shop", content="changed")
    assert cancel(floor.platform, "shop", 2) == "-----> Build 2 was cancelled by bob\n"
    floor.engine.let_go("shop")
    floor.wait(running, BuildStatus.SUCCEEDED)
    floor.wait(waiting, BuildStatus.CANCELLED)


def test_without_a_build_that_is_said(platform: Platform) -> None:
    platform.store.apps.create("myapp", "ann")
    assert cancel(platform, "myapp") == "-----> No build of myapp is queued or running\n"
    end_build(platform.store, start_build(platform.store), status=BuildStatus.FAILED)
    assert cancel(platform, "myapp") == "-----> No build of myapp is queued or running\n"
    assert cancel(platform, "myapp", 1) == (
        "-----> Build 1 of myapp has ended already: it failed\n"
    )


def test_a_build_whose_deploy_has_begun_is_not_cancelled(platform: Platform) -> None:
    platform.store.apps.create("myapp", "ann")
    build = end_build(platform.store, start_build(platform.store))
    with pytest.raises(BuiltAlready, match="build 1 of myapp is built already"):
        cancel(platform, "myapp")
    DeployLog(platform.store.logs, build.log).succeed("v1 is live")
    assert cancel(platform, "myapp") == "-----> No build of myapp is queued or running\n"
    assert cancel(platform, "myapp", 1) == (
        "-----> Build 1 of myapp has ended already: it succeeded\n"
    )
