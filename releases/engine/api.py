"""Docker's HTTP API as this room speaks it: errors of ours, and the version that is spoken."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import docker
import requests

from releases.engine.protocol import EngineFailed

_OLDEST_VERSION = "1.41"  # of Docker Engine 20.10
_PING_S = 10


class Api(docker.APIClient):
    """docker-py's client, with one line of ours where Docker does not answer."""

    def send(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().send(*arguments, **options)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise EngineFailed("Docker does not answer; is dockerd running?") from error

    def negotiate(self) -> None:
        """Speak from here on what the engine speaks now, which may have been renewed."""
        self._version = self._retrieve_server_version()

    def _retrieve_server_version(self) -> str:
        """The newest that the engine speaks; its /version takes 5 to 10 ms longer to say so."""
        answer = self.get(f"{self.base_url}/_ping", timeout=_PING_S)
        return str(answer.headers.get("Api-Version", _OLDEST_VERSION))


@contextmanager
def one_line(task: str) -> Iterator[None]:
    """Docker's refusal of a task as a line of ours."""
    try:
        yield
    except docker.errors.APIError as error:
        raise EngineFailed(f"cannot {task}: {reason(error)}") from error


def reason(error: docker.errors.APIError) -> str:
    """Docker's own words, as far as they make a line."""
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
