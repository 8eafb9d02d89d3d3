"""The commands about builds, over a real store."""

import io
import json

import pytest

from builder.commands import COMMANDS
from builder.commands.builds import NoBuilds
from builder.source.archive import source_path
from releases.command import Session
from releases.domain.app import NoSuchApp
from releases.domain.build import Build, BuildOptions, BuildSettings, BuildStatus, Step
from releases.domain.release import Artifact
from releases.log import DeployFailed, DeployLog
from releases.platform import Platform
from releases.store.builds import NoSuchBuild
from tests.builds import end_build, queue_build, start_build
from tests.fakes.printed import printed

pytestmark = pytest.mark.integration
RUN = {command.name: command.run for command in COMMANDS}


@pytest.fixture
def session(platform: Platform) -> Session:
    platform.store.apps.create("hello", "tester")
    return Session(platform, "tester", io.BytesIO(), io.StringIO())


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


def test_a_superseded_or_cancelled_build_says_by_whom_or_what(session: Session) -> None:
    store = session.platform.store
    superseded, cancelled = queue_build(store, "hello"), queue_build(store, "hello")
    store.builds.cancel("hello", cancelled.number, "bob")
    RUN["builds"](session, app="hello", as_json=False)
    assert "superseded by build 2" in printed(session)
    assert "cancelled by bob" in printed(session)
    for number in (superseded.number, cancelled.number):
        RUN["builds:output"](session, app="hello", number=number, follow=True)
        RUN["builds:info"](session, app="hello", number=number, as_json=False)
    assert printed(session).splitlines()[-1].startswith("processes:")
    assert "-----> Build 1 of hello was superseded by build 2\n" in printed(session)
    assert "-----> Build 2 of hello was cancelled by bob\n" in printed(session)
    assert "status:       cancelled by bob\n" in printed(session)


STEPS = (
    Step("[1/3] FROM paas/stack:1", 0.0, True),
    Step("[2/3] COPY requirements.txt ./", 0.04, False, "requirements.txt changed"),
    Step("[3/3] RUN pip install", 4.16, False, "after step 2"),
)


def explained(session: Session) -> Build:
    """A build with all that a record can have."""
    store = session.platform.store
    running = start_build(
        store, "hello", commit="ab" * 20, who="ann", options=BuildOptions(no_cache=True)
    )
    return end_build(
        store,
        running,
        started_at=1_700_000_000.0,
        finished_at=1_700_000_004.5,
        compared_with=1,
        changed=("requirements.txt",),
        buildpack="python",
        why="requirements.txt found",
        version="3.11",
        base="paas/runtime-python:3.11-12ab",
        base_image="sha256:99",
        config_version=3,
        steps=STEPS,
        artifact=Artifact("sha256:1", running.commit, running.number, {"web": None}, 5000),
    )


def test_all_that_is_known_of_a_build_is_shown_with_its_steps(session: Session) -> None:
    build = explained(session)
    path = source_path(session.platform.settings.sources, "hello", build.number)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 250_000)
    RUN["builds:info"](session, app="hello", number=None, as_json=False)
    lines = printed(session).splitlines()
    shown = dict(line.split(":", 1) for line in lines[: lines.index("")])
    assert {name: value.strip() for name, value in shown.items()} | {"asked": ""} == {
        "build": "1 of hello",
        "status": "succeeded",
        "commit": "ab" * 20,
        "ref": "refs/heads/main",
        "who": "ann",
        "asked": "",
        "began": "2023-11-14 22:13:20, attempt 1",
        "took": "4.5 s",
        "source": "kept, 245 KB",
        "changed": "1 file since build 1",
        "buildpack": "python (requirements.txt found)",
        "version": "3.11",
        "base": "paas/runtime-python:3.11-12ab",
        "base image": "sha256:99",
        "build config": "version 3",
        "image": "paas/hello:" + "ab" * 20,
        "image id": "sha256:1",
        "processes": "web",
    }
    assert shown["asked"].endswith(", no-cache")
    assert [line.split("  ")[-1].strip() for line in lines[lines.index("") + 1 :]] == [
        "CACHE",
        "cached",
        "requirements.txt changed",
        "after step 2",
    ]
    assert "4.2 s" in lines[-1]


def test_programs_get_the_whole_record(session: Session) -> None:
    explained(session)
    RUN["builds:info"](session, app="hello", number=1, as_json=True)
    record = json.loads(printed(session))
    assert (record["status"], record["source"]) == ("succeeded", "no longer kept")
    assert record["steps"][1] == {
        "name": "[2/3] COPY requirements.txt ./",
        "took_s": 0.04,
        "cached": False,
        "why": "requirements.txt changed",
    }


def test_clearing_the_cache_says_what_happens_and_keeps_the_other_settings(
    session: Session,
) -> None:
    builds = session.platform.store.builds
    builds.set_settings("hello", BuildSettings(buildpack="python", caches=1))
    RUN["builds:cache-clear"](session, app="hello")
    assert builds.settings("hello") == BuildSettings(buildpack="python", caches=2)
    assert printed(session).startswith("-----> The next build of hello uses nothing that earlier")
    with pytest.raises(NoSuchApp):
        RUN["builds:cache-clear"](session, app="nothing")
