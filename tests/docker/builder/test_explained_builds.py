"""What a real build says of its steps, and what it never says of its secrets."""

import subprocess
from dataclasses import replace

import docker
import pytest

from releases.domain.build import Build, BuildStatus
from releases.domain.config import ConfigChange
from tests.docker.builder.conftest import Workshop
from tests.docker.fresh import mark

pytestmark = pytest.mark.docker

LISTED = """\
ARG STACK
FROM ${STACK}
WORKDIR /app
COPY requirements.txt ./
RUN grep -v nothing requirements.txt
COPY . .
"""
WITH_CONFIG = """\
ARG STACK
FROM ${STACK}
ARG BUILD_CONFIG
ARG SHOWN
RUN --mount=type=secret,id=TOKEN --mount=type=secret,id=build-env \\
    set -a; . /run/secrets/build-env; \\
    [ "$TOKEN" = "$(cat /run/secrets/TOKEN)" ] && echo "token $TOKEN, shown $SHOWN" && env
"""
TOKEN = "it's-s3cret-5318008"  # noqa: S105 - this is what the test looks for


def source(**changed: str) -> dict[str, str]:
    """What no build before this test run can have left in a cache."""
    return {"Dockerfile": LISTED, "requirements.txt": mark(), "app.py": "1\n"} | changed


def steps(build: Build) -> list[tuple[str, bool, str]]:
    return [(step.name.partition("] ")[2], step.cached, step.why) for step in build.steps]


def test_a_second_build_says_which_file_made_its_steps_run(workshop: Workshop) -> None:
    files = source()
    first = workshop.build("listed", workshop.repository.commit(files))
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    assert first.base.startswith("paas/stack:")
    assert first.base_image.startswith("sha256:")

    changed = source()
    second = workshop.build("listed", workshop.repository.commit(changed))
    assert steps(second)[1:] == [
        ("WORKDIR /app", True, ""),
        ("COPY requirements.txt ./", False, "requirements.txt changed"),
        ("RUN grep -v nothing requirements.txt", False, "after step 3"),
        ("COPY . .", False, "after step 3"),
    ]
    line = "       [3/5] COPY requirements.txt ./  (requirements.txt changed)"
    assert line in workshop.output(second)

    third = workshop.build("listed", workshop.repository.commit({**changed, "app.py": "2\n"}))
    assert [why for _, cached, why in steps(third)[1:] if not cached] == ["app.py changed"]


def test_a_failed_build_keeps_the_steps_that_were_done(workshop: Workshop) -> None:
    files = source(Dockerfile=LISTED.replace("grep -v", "false #"))
    build = workshop.build("half", workshop.repository.commit(files))
    assert build.status is BuildStatus.FAILED
    assert [name.split()[0] for name, _, _ in steps(build)] == ["FROM", "WORKDIR", "COPY", "RUN"]
    assert (build.buildpack, build.why) == ("dockerfile", "Dockerfile found")


def test_a_cleared_cache_is_not_used_by_the_next_build_and_by_the_one_after_it_is(
    workshop: Workshop,
) -> None:
    files = source()
    workshop.build("cleared", workshop.repository.commit(files))
    store = workshop.platform.store
    store.builds.set_settings("cleared", replace(store.builds.settings("cleared"), caches=1))
    next_one = workshop.build("cleared", workshop.repository.commit({**files, "app.py": "2\n"}))
    # An empty directory (WORKDIR) BuildKit takes from its cache also when told to use none.
    assert {(cached, why) for _, cached, why in steps(next_one)[2:]} == {
        (False, "the build cache was cleared")
    }
    after = workshop.build("cleared", workshop.repository.commit({**files, "app.py": "3\n"}))
    assert [why for _, cached, why in steps(after)[1:] if not cached] == ["app.py changed"]


def test_a_secret_reaches_the_step_and_nothing_that_stays(
    workshop: Workshop, engine: docker.APIClient
) -> None:
    store = workshop.platform.store
    store.apps.create("secretive", "tester")
    change = ConfigChange({"TOKEN": TOKEN, "SHOWN": "in-history"})
    store.configs.change_build_config("secretive", change)
    build = workshop.build("secretive", workshop.repository.commit({"Dockerfile": WITH_CONFIG}))
    output = "\n".join(workshop.output(build))
    assert build.status is BuildStatus.SUCCEEDED, output
    assert "token ****, shown ****" in output
    assert "s3cret" not in output
    assert "s3cret" not in repr(build)
    assert build.config_version == 1

    history = str(engine.history(build.tag)) + str(engine.inspect_image(build.tag))
    assert "in-history" in history  # asked for as an argument by the Dockerfile: the app's choice
    assert "s3cret" not in history
    saved = subprocess.Popen(["docker", "save", build.tag], stdout=subprocess.PIPE)
    assert subprocess.run(["grep", "-c", "s3cret"], stdin=saved.stdout, check=False).returncode == 1
    assert saved.wait() == 0

    store.configs.change_build_config("secretive", ConfigChange({"TOKEN": "another"}))
    commit = workshop.repository.commit({"Dockerfile": WITH_CONFIG, "a": ""})
    second = workshop.build("secretive", commit)
    assert steps(second)[-1][2] == "build config changed: TOKEN"
