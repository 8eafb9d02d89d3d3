"""The commands about builds, over a real store."""

import io
import json

import pytest

from builder.commands import COMMANDS
from builder.commands.builds import NoBuilds
from releases.app import NoSuchApp
from releases.build import Build, BuildStatus
from releases.command import Session
from releases.log import DeployFailed, DeployLog
from releases.platform import Platform
from releases.release import Artifact
from releases.store.builds import NoSuchBuild
from tests.builds import end_build, start_build

pytestmark = pytest.mark.integration
RUN = {command.name: command.run for command in COMMANDS}


@pytest.fixture
def session(platform: Platform) -> Session:
    platform.store.apps.create("hello", "tester")
    return Session(platform, "tester", io.BytesIO(), io.StringIO())


def printed(session: Session) -> str:
    assert isinstance(session.out, io.StringIO)
    return session.out.getvalue()


def add(platform: Platform, number: int, status: BuildStatus) -> Build:
    build = start_build(platform.store, "hello", commit="ab" * 20, who="ann")
    assert build.number == number
    artifact = Artifact("sha256:1", build.commit, number, {"web": None}, 5000)
    DeployLog(platform.store.logs, build.log).step(f"Building number {number}")
    return end_build(
        platform.store,
        build,
        status=status,
        started_at=1_700_000_000.0,
        finished_at=1_700_000_002.5,
        buildpack="python",
        why="requirements.txt found",
        artifact=artifact,
    )


def test_builds_are_listed_newest_first_for_people_and_for_programs(session: Session) -> None:
    add(session.platform, 1, BuildStatus.FAILED)
    add(session.platform, 2, BuildStatus.SUCCEEDED)
    RUN["builds"](session, app="hello", as_json=False)
    header, newest, oldest = printed(session).splitlines()
    assert header.split()[:5] == ["BUILD", "STATUS", "COMMIT", "BRANCH", "WHO"]
    assert newest.split()[:5] == ["2", "succeeded", "abababa", "main", "ann"]
    assert "2023-11-1" in newest
    assert "2.5 s" in newest
    assert oldest.split()[:2] == ["1", "failed"]
    session.out.truncate(0)
    session.out.seek(0)
    RUN["builds"](session, app="hello", as_json=True)
    assert [build["number"] for build in json.loads(printed(session))] == [2, 1]


def test_an_app_without_builds_says_so(session: Session) -> None:
    with pytest.raises(NoBuilds, match="was not built yet"):
        RUN["builds:output"](session, app="hello", number=None, follow=False)


def test_output_is_the_latest_builds_or_the_one_asked_for(session: Session) -> None:
    for number in (1, 2):
        add(session.platform, number, BuildStatus.SUCCEEDED)
    RUN["builds:output"](session, app="hello", number=None, follow=False)
    RUN["builds:output"](session, app="hello", number=1, follow=False)
    assert printed(session) == "-----> Building number 2\n-----> Building number 1\n"


def test_following_goes_on_to_the_verdict(session: Session) -> None:
    build = add(session.platform, 1, BuildStatus.FAILED)
    DeployLog(session.platform.store.logs, build.log).fail("App build failed: x")
    with pytest.raises(DeployFailed, match="App build failed: x"):
        RUN["builds:output"](session, app="hello", number=1, follow=True)
    assert printed(session) == "-----> Building number 1\n"


def test_output_that_is_no_longer_kept_does_not_make_anyone_wait(session: Session) -> None:
    build = add(session.platform, 1, BuildStatus.FAILED)
    session.platform.store.logs.delete(build.log)
    with pytest.raises(NoBuilds, match="output of build 1 of hello is no longer kept"):
        RUN["builds:output"](session, app="hello", number=1, follow=True)


def test_an_unknown_app_or_build_is_named(session: Session) -> None:
    with pytest.raises(NoSuchApp):
        RUN["builds"](session, app="nothing", as_json=False)
    with pytest.raises(NoSuchBuild, match="hello has no build 7"):
        RUN["builds:output"](session, app="hello", number=7, follow=False)
