"""Each example, built by a real worker from a real commit, answers over HTTP."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import docker
import pytest

from releases.domain.build import Build, BuildOptions, BuildStatus
from releases.settings import PROJECT
from tests.docker.builder.conftest import INSTANCE, Fetch, Workshop
from tests.docker.fresh import fresh, mark

pytestmark = pytest.mark.docker

Serving = Callable[..., AbstractContextManager[Fetch]]


def labels(engine: docker.APIClient, build: Build) -> dict[str, str]:
    assert build.artifact
    found: dict[str, str] = engine.inspect_image(build.tag)["Config"]["Labels"]
    return found


def test_python_installs_from_pypi_and_rebuilds_only_the_code(
    workshop: Workshop, engine: docker.APIClient, serving: Serving
) -> None:
    commit = workshop.commit("hello-python")
    first = workshop.build("hello-python", commit)
    assert first.status is BuildStatus.SUCCEEDED, workshop.output(first)
    assert (first.buildpack, first.why) == ("python", "requirements.txt found")
    assert first.artifact
    assert first.artifact.processes == {"web": "gunicorn app:app"}
    assert labels(engine, first).items() >= {
        ("paas.instance", INSTANCE),
        ("paas.app", "hello-python"),
        ("paas.commit", commit),
        ("paas.buildpack", "python"),
    }
    with serving(first, GREETING="Good morning", PAAS_RELEASE="v1") as fetch:
        assert fetch("/") == "Good morning! commit unknown, release v1\n"

    changed = workshop.commit("hello-python", {"note.txt": mark(), "app.py": _python("new code")})
    second = workshop.build("hello-python", changed)
    steps = [line for line in workshop.output(second) if re.search(r"\[.*\d/\d\]", line)]
    assert [line for line in steps if "RUN" in line and "CACHED" not in line] == []
    assert any("CACHED" in line and "install-python" in line for line in steps)
    assert second.finished_at - second.started_at < 10
    with serving(second) as fetch:
        assert fetch("/") == "new code"


def _python(answer: str) -> str:
    return (
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        f"    return [b'{answer}']\n"
    )


def test_a_commit_that_was_built_is_not_built_again(workshop: Workshop) -> None:
    commit = workshop.commit("hello-static")
    first = workshop.build("again", commit)
    second = workshop.build("again", commit)
    assert first.artifact
    assert second.artifact
    assert second.artifact.image == first.artifact.image
    assert second.artifact.processes == first.artifact.processes
    assert (second.artifact.build, second.buildpack) == (second.number, "static")
    output = workshop.output(second)
    assert any("was built before, its image is used again" in line for line in output)
    assert not any("COPY" in line for line in output)


def test_a_rebuild_builds_again_and_the_image_before_keeps_a_name(
    workshop: Workshop, engine: docker.APIClient
) -> None:
    commit = workshop.commit("hello-static")
    first = workshop.build("rebuilt", commit)
    second = workshop.build("rebuilt", commit, BuildOptions(no_cache=True))
    assert first.artifact
    assert second.artifact
    assert second.artifact.image != first.artifact.image
    output = workshop.output(second)
    assert any("COPY" in line for line in output)
    assert not any("CACHED" in line and "COPY" in line for line in output)
    assert engine.inspect_image(first.artifact.image)["RepoTags"] == [f"{first.tag}-before-2"]
    third = workshop.build("rebuilt", commit, BuildOptions(rebuild=True))
    assert any("CACHED" in line for line in workshop.output(third))


def test_node_installs_from_npm(workshop: Workshop, serving: Serving) -> None:
    package = (PROJECT / "examples/hello-node/package.json").read_text()
    commit = workshop.commit("hello-node", fresh({"package.json": package}))
    build = workshop.build("hello-node", commit)
    assert build.status is BuildStatus.SUCCEEDED, workshop.output(build)
    assert any("npm ci" in line for line in workshop.output(build))
    with serving(build, GREETING="Salut") as fetch:
        assert re.fullmatch(r"Salut! up for \d+ \w+\n", fetch("/"))


def test_static_serves_the_site_and_nothing_beside_it(workshop: Workshop, serving: Serving) -> None:
    commit = workshop.commit("hello-static", {"200.html": "one page", ".env": "SECRET=1"})
    build = workshop.build("hello-static", commit)
    with serving(build) as fetch:
        assert "Hello from paas!" in fetch("/")
        assert "font-family" in fetch("/style.css")
        assert fetch("/some/page") == "one page"
        with pytest.raises(OSError, match="404"):
            fetch("/.env")


def test_an_apps_own_dockerfile_is_used_with_its_port(workshop: Workshop, serving: Serving) -> None:
    build = workshop.build("hello-dockerfile", workshop.commit("hello-dockerfile"))
    assert build.status is BuildStatus.SUCCEEDED, workshop.output(build)
    assert build.artifact
    assert (build.buildpack, build.artifact.port) == ("dockerfile", 8000)
    assert build.artifact.processes == {"web": None}
    with serving(build) as fetch:
        assert fetch("/") == "Hello from a Dockerfile!\n"
