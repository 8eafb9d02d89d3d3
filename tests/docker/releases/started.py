"""What a test does with a container that it started: wait, ask, look inside."""

import urllib.request
from collections.abc import Callable
from typing import Any

from releases.domain.container import Container
from releases.engine.docker import DockerEngine
from releases.rollout.health import Patience, wait_until_healthy

Start = Callable[..., Container]


def healthy(engine: DockerEngine, *containers: Container, timeout_s: float = 20.0) -> None:
    """Wait for them as a rollout does."""
    wait_until_healthy(engine, containers, Patience(timeout_s, 0.0))


def get(container: Container, path: str = "/") -> str:
    """What it answers."""
    with urllib.request.urlopen(container.backend + path, timeout=10) as answer:  # noqa: S310 - http
        return str(answer.read().decode())


def inside(api: Any, container: Container, *command: str) -> tuple[int, str]:
    """Exit status and output of a command in the container."""
    run = api.exec_create(container.id, list(command))
    output = api.exec_start(run["Id"]).decode()
    return api.exec_inspect(run["Id"])["ExitCode"], output
