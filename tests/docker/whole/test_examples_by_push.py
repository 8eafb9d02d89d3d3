"""Each example is pushed by git, built with its buildpack, and answers through the router."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from releases.settings import PROJECT
from tests.sample import Sample
from tests.whole import Whole

pytestmark = pytest.mark.docker

EXAMPLES = sorted(path.name for path in (PROJECT / "examples").iterdir())


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest, whole: Whole, tmp_path: Path) -> Iterator[Sample]:
    """A repository of one; the app is destroyed afterwards."""
    made = Sample.of(
        PROJECT / "examples" / request.param, tmp_path, f"{request.param}-{os.getpid()}"
    )
    yield made
    whole.ssh("apps:destroy", made.app, "--confirm", made.app)


def test_an_example_is_live_after_one_push(whole: Whole, example: Sample) -> None:
    pushed = whole.git(example.directory, "push", "paas", "master")
    assert pushed.returncode == 0, pushed.stderr
    answer = whole.get(example.app)
    assert (answer.status, "ello" in answer.body) == (200, True), answer.body
    build, *_ = whole.platform.store.builds.list(example.app)
    assert build.buildpack == example.directory.name.removeprefix("hello-").partition("-")[0]
