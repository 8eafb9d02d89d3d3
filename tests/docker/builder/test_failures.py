"""How builds fail: with their output, one plain reason, and nothing left running."""

import io
import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import docker
import pytest

from builder.buildkit.directory import directory_of_files
from builder.buildkit.session import Offer
from builder.commands.cancel import cancel
from builder.docker.engine import Engine, ImageBuild
from builder.docker.progress import Progress
from releases.command import Session
from releases.domain.build import Build, BuildStatus
from tests.docker.builder.conftest import Workshop
from tests.docker.fresh import mark
from tests.services import wait_for

pytestmark = pytest.mark.docker

FAILING = """\
ARG STACK
FROM ${STACK}
RUN echo to stdout; echo to stderr >&2; exit 3
"""


def test_a_failing_step_shows_its_output_and_is_named_in_the_verdict(workshop: Workshop) -> None:
    build = workshop.build("failing", workshop.repository.commit({"Dockerfile": FAILING}))
    reason = "`RUN echo to stdout; echo to stderr >&2; exit 3` ended with exit status 3"
    assert (build.status, build.reason) == (BuildStatus.FAILED, reason)
    assert build.artifact is None
    output = workshop.output(build)
    assert {"       to stdout", "       to stderr", f" !     {reason}"} <= set(output)
    (verdict,) = [e for e in workshop.platform.store.logs.read(build.log) if e.ended]
    assert (verdict.ok, verdict.line) == (False, f"App build failed: {reason}")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"Requirements.txt": ""}, "no buildpack matched, looked for dockerfile: Dockerfile; "),
        ({"index.html": "", "Procfile": "<<<<<<< HEAD"}, "Procfile line 1: merge conflict left"),
        ({"Dockerfile": "FROMAGE x\n"}, "dockerfile parse error line 1: unknown instruction"),
        ({"package.json": "{ not json"}, "package.json line 1: not JSON: "),
    ],
)
def test_a_mistake_of_the_app_is_one_plain_line(
    workshop: Workshop, files: dict[str, str], reason: str
) -> None:
    build = workshop.build("mistaken", workshop.repository.commit(files))
    assert build.status is BuildStatus.FAILED
    assert build.reason.startswith(reason)
    assert "\n" not in build.reason


def test_a_build_that_takes_too_long_is_ended_and_says_so(workshop: Workshop) -> None:
    platform = workshop.platform
    hasty = replace(platform, settings=replace(platform.settings, build_timeout_s=2))
    endless = FAILING.replace("exit 3", "exec sleep 98765433")
    commit = workshop.repository.commit({"Dockerfile": endless})
    build = replace(workshop, platform=hasty).build("endless", commit)
    assert build.status is BuildStatus.FAILED
    assert build.reason.startswith("it took longer than")
    wait_for(lambda: not _sleeping(98765433), "the step to end")


def test_an_app_that_is_being_destroyed_is_not_built(workshop: Workshop) -> None:
    workshop.platform.store.apps.create("doomed", "tester")
    workshop.platform.store.apps.mark_destroying("doomed")
    build = workshop.build("doomed", workshop.commit("hello-static"))
    assert (build.status, build.reason) == (BuildStatus.FAILED, "app doomed was destroyed")


def test_a_build_that_is_left_ends_in_the_engine_too(
    engine: docker.APIClient, workshop: Workshop
) -> None:
    with sleeping_build(engine, 98765432) as messages:
        messages.close()
        wait_for(lambda: not _sleeping(98765432), "the step to end")


def test_another_process_cancels_a_build_by_its_id(
    engine: docker.APIClient, workshop: Workshop
) -> None:
    with sleeping_build(engine, 98765430) as messages:
        Engine(workshop.platform.settings.docker_host).cancel("paas-never-98765430")
        assert "error" in list(messages)[-1]
        wait_for(lambda: not _sleeping(98765430), "the step to end")


@contextmanager
def sleeping_build(
    engine: docker.APIClient, seconds: int
) -> Iterator[Generator[dict[str, Any], None, None]]:
    """A build, `paas-never-<seconds>`, whose step sleeps by now; what the engine says of it.

    Its id is its own: an engine that ends a build forgets whatever has that id by then.
    """
    base = next(image for image in engine.images("paas/base") if image["RepoTags"])
    text = f"FROM {base['RepoTags'][0]}\nRUN echo begun; exec sleep {seconds}\n"
    offer = Offer({"dockerfile": directory_of_files({"Dockerfile": text.encode()})}, "paas/never")
    build = ImageBuild(f"paas-never-{seconds}", "paas/never:1", "Dockerfile", {})
    messages = Engine("unix:///var/run/docker.sock").build(build, offer)
    progress = Progress()
    while "begun" not in progress.read(next(messages)):
        continue
    wait_for(lambda: _sleeping(seconds), "the step to run")
    with closing(messages):
        yield messages


def _sleeping(seconds: int) -> bool:
    arguments = ["pgrep", "-f", f"^sleep {seconds}$"]
    return subprocess.run(arguments, capture_output=True, check=False).returncode == 0


def begin(workshop: Workshop, app: str, step: str) -> Build:
    """A build whose one step runs; no earlier run of the tests left it in the engine's cache."""
    dockerfile = FAILING.replace("exit 3", f": {mark()}; {step}")
    workshop.platform.store.apps.create(app, "tester")
    build = workshop.request(app, workshop.repository.commit({"Dockerfile": dockerfile}))
    wait_until_begun(workshop, build, 1)
    return build


def wait_until_begun(workshop: Workshop, build: Build, times: int) -> None:
    """Until the step has run so many times."""
    wait_for(lambda: workshop.output(build).count("       to stderr") >= times, "the step", 60)


def kill_horse(workshop: Workshop, build: Build) -> None:
    held = workshop.platform.store.locks.holder(f"{build.app}:builds")
    assert held
    os.kill(int(held.holder.rpartition(":")[2]), signal.SIGKILL)


def test_a_build_whose_process_is_killed_is_begun_again(workshop: Workshop) -> None:
    build = begin(workshop, "killed", "sleep 3")
    kill_horse(workshop, build)
    ended = workshop.wait_for_end(build)
    assert (ended.status, ended.attempt) == (BuildStatus.SUCCEEDED, 2)


def test_a_build_whose_process_is_killed_twice_failed_and_leaves_nothing_running(
    workshop: Workshop,
) -> None:
    build = begin(workshop, "killed-twice", "exec sleep 98765431")
    kill_horse(workshop, build)
    wait_until_begun(workshop, build, 2)
    kill_horse(workshop, build)
    ended = workshop.wait_for_end(build)
    assert ended.status is BuildStatus.FAILED
    assert ended.reason.endswith("died 2 times in the middle of it, at last: killed by signal 9")
    wait_for(lambda: not _sleeping(98765431), "the step to end")


def test_a_cancelled_build_leaves_nothing_running(workshop: Workshop) -> None:
    build = begin(workshop, "cancelled", "exec sleep 98765429")
    out = io.StringIO()
    cancel(Session(workshop.platform, "bob", io.BytesIO(), out), "cancelled", None)
    assert out.getvalue() == "-----> Build 1 was cancelled by bob\n"
    wait_for(lambda: not _sleeping(98765429), "the step to end")
    ended = workshop.platform.store.builds.get("cancelled", build.number)
    assert ended.status is BuildStatus.CANCELLED
    again = workshop.build("cancelled", workshop.repository.commit({"Dockerfile": FAILING}))
    assert again.status is BuildStatus.FAILED
