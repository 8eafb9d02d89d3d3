"""How Docker is called: what it refuses, and that it is away, as one line of ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import docker
import requests

from releases.engine.protocol import EngineFailed


class Api(docker.APIClient):
    """docker-py's client; EngineFailed where nothing answers."""

    def send(self, *arguments: Any, **options: Any) -> Any:
        """All requests come by here."""
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


def reason(error: docker.errors.APIError) -> str:
    """Docker's own words, one line of them."""
    return str(error.explanation or error).splitlines()[0][:300]


def remove(api: Any, identifier: str, name: str) -> None:
    """Remove a container, running or not; gone already is fine."""
    with one_line(f"remove {name}"), suppress(docker.errors.NotFound):
        try:
            api.remove_container(identifier, force=True, v=True)
        except docker.errors.APIError as error:
            if "already in progress" not in str(error):  # somebody else removes it
                raise


def ended_at(state: Mapping[str, Any]) -> float:
    """Unix seconds, of a container's `State` as Docker has it; 0 while it runs."""
    if state["Running"] or not state["FinishedAt"].startswith("2"):  # year 1: it never ran
        return 0.0
    # Nanoseconds, of which Python 3.11 reads no more than six digits.
    return datetime.fromisoformat(f"{state['FinishedAt'][:19]}+00:00").timestamp()
