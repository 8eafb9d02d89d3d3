"""A Docker Engine with a corner of its own for each run: a name, a network, addresses."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from releases.domain.container import INSTANCE, Container, Slot
from releases.engine.docker import DockerEngine, connect
from releases.engine.runner import DockerRunner
from releases.settings import Settings
from releases.store import Store
from tests.docker.images import busybox_image, named_image
from tests.docker.releases.contract import Contract
from tests.docker.releases.freezing import freeze_process
from tests.docker.releases.started import Start
from tests.fakes import examples
from tests.fakes.engine import FakeEngine

# Several runs may share one Docker: the process's id keeps them apart, and tells a later
# run what a killed one left behind.
PREFIX = "paas-test-engine-"
NAME = f"{PREFIX}{os.getpid()}"
SUBNET = f"10.215.{os.getpid() % 256}.0/24"


def clean(api: Any, *instances: str) -> None:
    """Remove what carries the instances' labels, and nothing else."""
    for ours in [{"label": f"{INSTANCE}={instance}"} for instance in instances]:
        for container in api.containers(all=True, filters=ours):
            api.remove_container(container["Id"], force=True, v=True)
        for network in api.networks(filters=ours):
            api.remove_network(network["Id"])
        for image in api.images(filters=ours):
            api.remove_image(image["Id"], force=True)


def left_behind(api: Any) -> set[str]:
    """Instances of runs that are no more."""
    labelled = {"label": INSTANCE}
    found = [*api.containers(all=True, filters=labelled), *api.networks(filters=labelled)]
    found += api.images(filters=labelled)
    instances = {str(item["Labels"][INSTANCE]) for item in found}
    return {
        instance
        for instance in instances
        if instance.startswith(PREFIX)
        and not Path("/proc", instance.removeprefix(PREFIX).partition("-")[0]).exists()
    }


@pytest.fixture(scope="session")
def api() -> Iterator[Any]:
    """Docker itself; a missing one skips at home and fails where CI is set."""
    try:
        client = docker.APIClient(version="auto", timeout=60)
    except docker.errors.DockerException as error:
        if os.environ.get("CI"):
            pytest.fail(f"no Docker Engine: {error}")
        pytest.skip(f"no Docker Engine: {error}")
    clean(client, *left_behind(client))
    yield client
    clean(client, NAME)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with the corner's name and addresses."""
    return replace(settings, instance=NAME, subnet=SUBNET)


@pytest.fixture(scope="session")
def image(api: Any) -> str:
    """An image that serves `hello` on $PORT."""
    return busybox_image(api, Settings(home=Path("/nowhere"), instance=NAME), "myapp")


@pytest.fixture
def docker_engine(api: Any, settings: Settings, store: Store) -> Iterator[DockerEngine]:
    """The real engine; its containers are gone after the test."""
    yield connect(settings, store)
    for container in api.containers(all=True, filters={"label": f"{INSTANCE}={NAME}"}):
        api.remove_container(container["Id"], force=True, v=True)
    for one in api.images(filters={"label": f"{INSTANCE}={NAME}"}):
        if not any(name.startswith(f"{NAME}/") for name in one["RepoTags"] or ()):
            api.remove_image(one["Id"], force=True)  # the images of the whole run keep their names


@pytest.fixture(params=["docker", "fake"])
def contract(request: pytest.FixtureRequest) -> Contract:
    """Both engines, one after the other."""
    if request.param == "docker":
        api: Any = request.getfixturevalue("api")
        engine = request.getfixturevalue("docker_engine")
        image = request.getfixturevalue("image")
        settings, store = request.getfixturevalue("settings"), request.getfixturevalue("store")
        runner = DockerRunner(settings, store, engine)

        def make(app: str, *names: str) -> str:
            return named_image(api, settings, app, *names)

        def stop(one: Container) -> None:
            api.stop(one.id, timeout=0)

        def freeze_unseen(one: Container) -> None:
            freeze_process(engine.condition(one).process)

        return Contract(engine, image, stop, make, runner.detach, freeze_unseen, is_real=True)
    fake = FakeEngine()
    fake.dying, fake.images = {"crash.1", "run.2"}, {examples.IMAGE}
    stop_all, hang = (lambda _: fake.stop_all()), (lambda one: fake.hanging.add(one.id))
    return Contract(fake, examples.IMAGE, stop_all, fake.make, fake.detach, hang)


@pytest.fixture
def start(docker_engine: DockerEngine, image: str) -> Start:
    """Start one container: of the image's own web, or of a shell line."""

    def start_one(
        line: str | None = None,
        *,
        process_type: str = "web",
        index: int = 1,
        app: str = "myapp",
        config: dict[str, str] | None = None,
    ) -> Container:
        made = examples.artifact(image=image, processes={process_type: line})
        release = examples.release(app, made=made, config=config)
        [started] = docker_engine.start(release, [Slot(1, 0, process_type, index)])
        return started

    return start_one
