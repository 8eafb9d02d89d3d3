"""A Docker Engine with a corner of its own: an instance, a network and addresses for tests."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from releases.container import INSTANCE
from releases.engine import DockerEngine, connect
from releases.settings import Settings
from releases.store import Store
from tests.docker.images import busybox_image

NAME = "paas-test-engine"
SUBNET = "10.215.0.0/16"


def clean(api: Any, instance: str) -> None:
    """Remove what carries the instance's label, and nothing else."""
    ours = {"label": f"{INSTANCE}={instance}"}
    for container in api.containers(all=True, filters=ours):
        api.remove_container(container["Id"], force=True, v=True)
    for network in api.networks(filters=ours):
        api.remove_network(network["Id"])
    for image in api.images(filters=ours):
        api.remove_image(image["Id"], force=True)


@pytest.fixture(scope="session")
def api() -> Iterator[Any]:
    """Docker itself; a missing one skips at home and fails where CI is set."""
    try:
        client = docker.APIClient(version="auto", timeout=60)
    except docker.errors.DockerException as error:
        if os.environ.get("CI"):
            pytest.fail(f"no Docker Engine: {error}")
        pytest.skip(f"no Docker Engine: {error}")
    clean(client, NAME)  # what a killed run left
    yield client
    clean(client, NAME)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings with the corner's name and addresses."""
    return Settings(home=settings.home, redis_url=settings.redis_url, instance=NAME, subnet=SUBNET)


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
