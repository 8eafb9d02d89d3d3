"""A platform whose one build worker is a real process, and containers of what it built."""

import http.server
import os
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path

import docker
import pytest

from builder.bases.sweep import note_sweep
from builder.request import request_build
from builder.source.objects import Objects
from releases.domain.build import AS_USUAL, Build, BuildOptions, BuildRequest, BuildStatus
from releases.platform import Platform
from releases.settings import PROJECT, Settings
from tests.integration.builder.repository import Content, Repository
from tests.services import redis_server, running, short_directory, wait_for

INSTANCE = f"paas-test-builder-{os.getpid()}"  # another run may have the same Docker


@dataclass(frozen=True)
class Workshop:
    """Builds examples the way a push does."""

    platform: Platform
    repository: Repository

    def build(self, app: str, commit: str, options: BuildOptions = AS_USUAL) -> Build:
        """Ask for a build and wait until it has ended."""
        if not self.platform.store.apps.exists(app):
            self.platform.store.apps.create(app, "tester")
        return self.wait_for_end(self.request(app, commit, options))

    def request(self, app: str, commit: str, options: BuildOptions = AS_USUAL) -> Build:
        """Ask for a build."""
        request = BuildRequest(app, commit, "refs/heads/master", "tester", options)
        return request_build(self.platform, request, Objects(self.repository.path))

    def wait_for_end(self, build: Build) -> Build:
        """The build's record after its end; a bad end is in the log by then."""

        def has_ended() -> bool:
            status = self.platform.store.builds.get(build.app, build.number).status
            return status is BuildStatus.SUCCEEDED or self.has_verdict(build)

        wait_for(has_ended, f"build {build.number} of {build.app}", timeout_s=240)
        return self.platform.store.builds.get(build.app, build.number)

    def has_verdict(self, build: Build) -> bool:
        """Whether the build's log has ended."""
        return self.platform.store.logs.has_ended(build.log)

    def commit(self, example: str, changes: Mapping[str, Content] | None = None) -> str:
        """Commit one of our examples, with some files changed."""
        return self.repository.commit_directory(PROJECT / "examples" / example, changes or {})

    def output(self, build: Build) -> list[str]:
        """What the build printed."""
        return [entry.line for entry in self.platform.store.logs.read(build.log)]


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """The engine, to look at and to clean up what the tests made."""
    try:
        api = docker.APIClient(version="auto")
    except docker.errors.DockerException:
        if os.environ.get("CI"):
            raise
        pytest.skip("no Docker Engine answers")
    yield api
    ours = {"label": [f"paas.instance={INSTANCE}", "paas.app"]}
    for image in api.images(filters=ours):
        api.remove_image(image["Id"], force=True)


@pytest.fixture(scope="session")
def workshop(engine: docker.APIClient) -> Iterator[Workshop]:
    """One Redis and one worker for all of these tests; the images below the apps' stay."""
    with short_directory() as home, redis_server(home) as url:
        settings = Settings(home=home, redis_url=url, instance=INSTANCE)
        # Runs that go on beside this one have the same label on the images below the apps', and
        # perhaps other buildpacks: none of them may take the others' away.
        note_sweep(settings)
        environment = {
            "PAAS_HOME": str(home),
            "PAAS_REDIS_URL": url,
            "PAAS_INSTANCE": INSTANCE,
        }
        arguments = ["env", *(f"{name}={value}" for name, value in environment.items())]
        with running([*arguments, sys.executable, "-m", "builder"], home / "worker.log"):
            yield Workshop(Platform.open(settings), Repository(home / "app.git"))
        print((home / "worker.log").read_text(), file=sys.stderr)


def layers(engine: docker.APIClient, build: Build) -> list[str]:
    """The digests of the layers of a build's image, the lowest first."""
    assert build.artifact
    found: list[str] = engine.inspect_image(build.artifact.image)["RootFS"]["Layers"]
    return found


def printed_by(
    engine: docker.APIClient, image: str, line: str | None, memory: str | None = None
) -> str:
    """What a shell line prints in a container of the image, with a limit of memory or without."""
    limits = engine.create_host_config(mem_limit=memory)
    command = ["/bin/sh", "-c", line]
    container = engine.create_container(image, command=command, host_config=limits)
    try:
        engine.start(container)
        engine.wait(container)
        return str(engine.logs(container).decode()).strip()
    finally:
        engine.remove_container(container, force=True)


@contextmanager
def serving_files(engine: docker.APIClient, directory: Path) -> Iterator[str]:
    """A web server on the bridge, where steps of a build reach it; yields its URL."""
    found = engine.inspect_network("bridge")["IPAM"]["Config"][0]
    # Docker says the gateway only of a bridge that was there when it started.
    bridge = found.get("Gateway") or str(next(IPv4Network(found["Subnet"]).hosts()))
    answer = partial(http.server.SimpleHTTPRequestHandler, directory=str(directory))
    with http.server.ThreadingHTTPServer((bridge, 0), answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{bridge}:{server.server_port}"
        server.shutdown()


Fetch = Callable[[str], str]


@pytest.fixture
def serving(engine: docker.APIClient) -> Callable[..., object]:
    """Run web of a build, with $PORT among the config or as is, and hand over how to fetch."""

    @contextmanager
    def serve(build: Build, **config: str) -> Iterator[Fetch]:
        assert build.artifact
        environment = {"PORT": str(build.artifact.port), **config}
        line = build.artifact.processes["web"]
        container = engine.create_container(
            build.artifact.image,
            command=["/bin/sh", "-c", line] if line else None,
            environment=environment,
            labels={"paas.instance": INSTANCE},
        )
        try:
            engine.start(container)
            network = engine.inspect_container(container)["NetworkSettings"]
            base = f"http://{network['IPAddress']}:{environment['PORT']}"
            wait_for(lambda: _answers(base), f"{build.app} to answer", timeout_s=30)
            yield lambda path: _fetch(base + path)
        finally:
            engine.remove_container(container, force=True)

    return serve


def _fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own container
        return str(response.read().decode())


def _answers(url: str) -> bool:
    try:
        _fetch(url)
    except OSError:
        return False
    return True
