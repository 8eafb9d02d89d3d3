"""An engine on a small disk of its own, and two build workers with tight limits."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from builder.docker.engine import Engine
from builder.docker.image import Recipe, build_image
from builder.limits.steps import RUNC_ROOT
from releases.domain.build import Build
from releases.platform import Platform
from releases.settings import Settings
from tests.docker.builder.conftest import Workshop
from tests.docker.images import plain_image
from tests.docker.limits.other_app import OtherApp, other_app
from tests.engines import OwnEngine, own_engine
from tests.integration.builder.repository import Repository
from tests.services import redis_server, running, short_directory

BASE = "tests/plain:1"
LIMITS = {
    "build_memory_mb": 48,
    "build_cpus": 0.5,
    "build_processes": 40,
    "build_disk_mb": 80,
    "low_disk_mb": 60,
    "build_log_kb": 64,
    "build_timeout_s": 60,
}
DISK_MB = 400


MB = 1024 * 1024


@dataclass(frozen=True)
class Yard(Workshop):
    """Where builds that take too much are built."""

    engine: OwnEngine

    def run(self, app: str, *commands: str) -> Build:
        """Build an image by RUN steps until its end."""
        return self.build(app, self.dockerfile(*commands))

    def begin(self, app: str, *commands: str) -> Build:
        """Ask for such a build."""
        self.platform.store.apps.create(app, "tester")
        return self.request(app, self.dockerfile(*commands))

    def dockerfile(self, *commands: str) -> str:
        """Commit a Dockerfile of RUN steps."""
        return self.repository.commit({"Dockerfile": _dockerfile(commands)})

    def build_as_a_stranger(self, *commands: str) -> list[str]:
        """Build by other means than the platform, at the same engine; return the output."""
        output: list[str] = []
        recipe = Recipe("stranger", "stranger:1", _dockerfile(commands), labels={})
        build_image(Engine(self.engine.host), recipe, output.extend)
        return output


def _dockerfile(commands: Iterable[str]) -> str:
    return "\n".join([f"FROM {BASE}", *(f"RUN {command}" for command in commands)]) + "\n"


@pytest.fixture(scope="session")
def yard() -> Iterator[Yard]:
    """One engine for all of these tests; whoever kills it starts it again."""
    with ExitStack() as stack:
        # As the platform starts it: containers live on without it.
        engine = stack.enter_context(own_engine("--live-restore", disk_mb=DISK_MB))
        plain_image(engine.api(), BASE)
        home = stack.enter_context(short_directory())
        url = stack.enter_context(redis_server(home))
        settings = Settings(home=home, redis_url=url, docker_host=engine.host, **LIMITS)
        values = {"home": home, "redis_url": url, "docker_host": engine.host, **LIMITS}
        environment = [f"PAAS_{name.upper()}={value}" for name, value in values.items()]
        log = home / "worker.log"
        for _ in range(2):
            worker = ["env", *environment, sys.executable, "-m", "builder"]
            stack.enter_context(running(worker, log))
        stack.callback(lambda: print(log.read_text(), file=sys.stderr))
        yield Yard(Platform.open(settings), Repository(home / "app.git"), engine)


@pytest.fixture(scope="session")
def other_url(yard: Yard) -> Iterator[str]:
    """One app on that engine, which nothing that a build does may harm."""
    with other_app(yard.engine, yard.platform.settings) as url:
        yield url


@pytest.fixture
def other(other_url: str) -> Iterator[OtherApp]:
    """The same, asked for its page all the while."""
    app = OtherApp(other_url)
    with app.asked():
        yield app


def steps_of(yard: Yard) -> list[str]:
    """The build steps that still run."""
    states = {path: path.read_text() for path in RUNC_ROOT.glob("*/state.json")}
    return [
        path.parent.name for path, text in states.items() if f"{yard.engine.data_root}/" in text
    ]
