"""How Docker is called, and what becomes of what it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import docker
import requests

from releases.engine.protocol import EngineFailed


class Api(docker.APIClient):
    """docker-py's client, whose failures to reach Docker are EngineFailed."""

    def send(self, *arguments: Any, **options: Any) -> Any:
        """As requests has it."""
        try:
            return super().send(*arguments, **options)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise EngineFailed("Docker does not answer; is dockerd running?") from error


@contextmanager
def one_line(task: str) -> Iterator[None]:
    """Docker's refusal of a task as a line of ours."""
    try:
        yield
    except docker.errors.APIError as error:
        raise EngineFailed(f"cannot {task}: {reason(error)}") from error


def remove(api: Any, identifier: str) -> None:
    """Remove a container with its anonymous volumes; gone already is fine."""
    with suppress(docker.errors.NotFound):
        try:
            api.remove_container(identifier, force=True, v=True)
        except docker.errors.APIError as error:
            if "already in progress" not in str(error):  # somebody else removes it
                raise


def reason(error: docker.errors.APIError) -> str:
    """Docker's own words, one line of them."""
    return str(error.explanation or error).splitlines()[0][:300]
