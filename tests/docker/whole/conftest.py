"""One whole platform for all tests that push for real."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.whole.one_offs import one_offs
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import Whole, whole_platform

PROCFILE = "web: python server.py\nworker: echo I am $DYNO; exit 5\n"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def whole() -> Iterator[Whole]:
    """Started once; each test has apps of its own."""
    with whole_platform() as platform:
        yield platform


@pytest.fixture
def sample(whole: Whole, tmp_path: Path) -> Iterator[Callable[..., Sample]]:
    """Makes sample apps with names that no other test has; they are destroyed afterwards."""
    made: list[Sample] = []

    def create(version: str = "one") -> Sample:
        name = f"sample-{os.getpid()}-{next(_numbers)}"  # another run has the same Docker
        made.append(Sample.create(tmp_path, name, version))
        return made[-1]

    yield create
    for one in made:
        whole.ssh("apps:destroy", one.app, "--confirm", one.app)


@pytest.fixture
def live(whole: Whole, sample: Callable[..., Sample]) -> Sample:
    """A sample app that answers."""
    app = sample()
    pushed = whole.git(app.directory, "push", "paas", "master")
    assert pushed.returncode == 0, pushed.stderr
    return app


@pytest.fixture(scope="session")
def app(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """A live app for all tests of one-offs, which leave nothing behind."""
    sample = Sample.create(tmp_path_factory.mktemp("run"), f"sample-run-{os.getpid()}")
    sample.commit({"Procfile": PROCFILE})
    pushed = whole.git(sample.directory, "push", "paas", "master")
    assert pushed.returncode == 0, pushed.stderr
    yield sample
    whole.ssh("apps:destroy", sample.app, "--confirm", sample.app)


@pytest.fixture
def nothing_is_left(whole: Whole, app: Sample) -> Iterator[None]:
    """Whatever a test did, its containers are gone in the end."""
    yield
    wait_for(lambda: one_offs(app) == [], "the one-offs to be removed")
