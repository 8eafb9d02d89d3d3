"""How builds fail: with their output, one plain reason, and nothing left running."""

import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from builder.buildkit.directory import directory_of_files
from builder.buildkit.session import Offer
from builder.docker.engine import Engine, ImageBuild
from builder.docker.progress import Progress
from releases.build import BuildStatus
from releases.settings import Settings
from tests.docker.builder.conftest import Workshop
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
        ({"package.json": "{ not json"}, "package.json line 1: not JSON"),
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
        Engine(workshop.platform.settings.docker_host).cancel("paas-never")
        assert "error" in list(messages)[-1]
        wait_for(lambda: not _sleeping(98765430), "the step to end")


@contextmanager
def sleeping_build(
    engine: docker.APIClient, seconds: int
) -> Iterator[Generator[dict[str, Any], None, None]]:
    """A build, `paas-never`, whose step sleeps by now; what the engine says of it."""
    base = next(image for image in engine.images("paas/base") if image["RepoTags"])
    text = f"FROM {base['RepoTags'][0]}\nRUN echo begun; exec sleep {seconds}\n"
    offer = Offer({"dockerfile": directory_of_files({"Dockerfile": text.encode()})}, "paas/never")
    build = ImageBuild("paas-never", "paas/never:1", "Dockerfile", {})
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


def test_a_worker_that_dies_leaves_no_build_that_says_it_runs(workshop: Workshop) -> None:
    dockerfile = FAILING.replace("exit 3", "exec sleep 98765431")
    commit = workshop.repository.commit({"Dockerfile": dockerfile})
    workshop.platform.store.apps.create("killed", "tester")
    build = workshop.request("killed", commit)
    wait_for(lambda: "       to stderr" in workshop.output(build), "the step to run")
    os.kill(_horse(workshop.platform.settings), signal.SIGKILL)
    wait_for(lambda: workshop.has_verdict(build), "the end of the log")
    wait_for(lambda: not _sleeping(98765431), "the step to end")
    after = workshop.build("killed", workshop.repository.commit({"Dockerfile": FAILING}))
    assert after.status is BuildStatus.FAILED
    lost = workshop.platform.store.builds.get("killed", build.number)
    assert lost.status is BuildStatus.FAILED
    assert lost.reason == "its worker process died in the middle of it; try again"


def _horse(settings: Settings) -> int:
    """The process that works off the one job: the child of our worker."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            ours = f"PAAS_HOME={settings.home}".encode() in path.read_bytes().split(b"\0")
            parent = int((path.parent / "stat").read_text().rpartition(") ")[2].split()[1])
            grandparent = (Path("/proc") / str(parent) / "environ").read_bytes()
        except OSError:
            continue
        if ours and f"PAAS_HOME={settings.home}".encode() in grandparent.split(b"\0"):
            return int(path.parent.name)
    raise AssertionError("no job is being worked off")
