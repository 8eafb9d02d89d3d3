"""Docker's HTTP API below its verbs: the version that is spoken, errors, streams of messages."""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any

import docker
import requests

from releases.errors import PaasError

_CHUNK_BYTES = 64 * 1024
_OLDEST_VERSION = "1.41"  # of Docker Engine 20.10
_PING_S = 10


class EngineUnreachable(PaasError):
    """No Docker Engine answers where the settings say."""


class EngineRefused(PaasError):
    """The engine answered a request with an error."""


class Api(docker.APIClient):
    """docker-py's client, with errors of ours."""

    def send(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().send(*arguments, **options)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise EngineUnreachable("Docker does not answer; is dockerd running?") from error

    def negotiate(self) -> None:
        """Speak from here on what the engine speaks now."""
        self._version = self._retrieve_server_version()

    def _retrieve_server_version(self) -> str:
        """The newest that the engine speaks; its /version takes 5 to 10 ms longer to say so."""
        answer = self.get(f"{self.base_url}/_ping", timeout=_PING_S)
        return str(answer.headers.get("Api-Version", _OLDEST_VERSION))

    def post_and_follow(
        self, path: str, parameters: Mapping[str, Any], body: Iterable[bytes]
    ) -> Generator[dict[str, Any], None, None]:
        """Post a body and yield the engine's messages; EngineRefused if it will not begin."""
        response = self.post(
            f"{self.base_url}/v{self.api_version}{path}",
            params=parameters,
            data=iter(body),  # an iterator is sent in chunks, never held as a whole
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=None,  # a build step may be silent for as long as it takes
        )
        with response:
            if not response.ok:
                raise EngineRefused(f"Docker refused: {_reason(response)}")
            yield from self._messages(response)

    def _messages(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        lines = response.iter_lines(chunk_size=_CHUNK_BYTES)  # each HTTP chunk as it comes
        try:
            for line in lines:
                if line:
                    yield json.loads(line)
        except requests.exceptions.ChunkedEncodingError as error:
            raise EngineUnreachable("Docker went away in the middle of it; try again") from error


def _reason(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {response.status_code}"
