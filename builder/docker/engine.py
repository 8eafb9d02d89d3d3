"""How the builder speaks to a Docker Engine: builds, imports, pulls and looks up images."""

import json
import secrets
import socket
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound

from builder.buildkit.session import Offer, session
from builder.docker.api import Api, EngineRefused, EngineUnreachable
from builder.docker.upgrade import UpgradeRefused, upgrade

__all__ = ["Engine", "EngineRefused", "EngineUnreachable", "Image", "ImageBuild"]

# A name that every step can look up. Its address tells whose step it is, and is no part of
# BuildKit's cache keys: nothing else that a step has is both.
STEP_HOST = "paas-build"
_MARKS = IPv4Network("127.0.0.0/8")


@dataclass(frozen=True)
class Image:
    """An image as the engine has it."""

    name: str  # the tag it was looked up by
    id: str  # sha256:...
    labels: Mapping[str, str]
    ports: tuple[int, ...]  # TCP ports from EXPOSE, ascending
    reference: str = ""  # where other hosts find it: `registry.example/paas/myapp@sha256:...`


@dataclass(frozen=True)
class ImageBuild:
    """What the engine is asked to build."""

    id: str  # what `Engine.cancel` knows it by, from any process
    tag: str
    dockerfile: str  # path inside the context
    labels: Mapping[str, str]
    arguments: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False  # every step anew; to Docker 20.10, cache mounts are empty then


class Engine:
    """One Docker Engine, over its HTTP API; the version is negotiated."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.mark = str(_MARKS[secrets.randbelow(_MARKS.num_addresses)])
        try:
            self._api: Any = Api(base_url=host, version="auto")
        except (DockerException, EngineUnreachable) as error:
            raise EngineUnreachable(
                f"no Docker Engine answers at {host}; is it running, and may this user use it?"
            ) from error

    def greet(self) -> None:
        """Ask again which version is spoken, after a while in which Docker may have been renewed.

        EngineUnreachable if it does not answer.
        """
        self._api.negotiate()

    @property
    def api(self) -> Any:
        """docker-py's client, for the registry's module."""
        return self._api

    def image(self, name: str) -> Image | None:
        """The image of that tag or id, if the engine has it."""
        try:
            found = self._api.inspect_image(name)
        except ImageNotFound:
            return None
        config = found.get("Config") or {}
        ports = [port.partition("/") for port in config.get("ExposedPorts") or {}]
        return Image(
            name=name,
            id=found["Id"],
            labels=config.get("Labels") or {},
            ports=tuple(sorted(int(number) for number, _, kind in ports if kind != "udp")),
        )

    def build(self, build: ImageBuild, offer: Offer) -> Generator[dict[str, Any], None, None]:
        """Have BuildKit build what is offered and yield its messages.

        EngineRefused if the engine has no BuildKit. Closing the iterator cancels the build.
        """
        try:
            with session(self._upgrade, offer) as identity:
                more = {"version": "2", "remote": "client-session", "session": identity}
                yield from self._build(build, more, ())
        except UpgradeRefused as error:
            raise EngineRefused(str(error)) from error

    def build_classic(
        self, build: ImageBuild, context: Iterable[bytes]
    ) -> Generator[dict[str, Any], None, None]:
        """Have the classic builder build a context, which is a tar, and yield its messages.

        EngineRefused if the engine will not begin. Closing the iterator cancels the build.
        """
        return self._build(build, {}, context)

    def cancel(self, build_id: str) -> None:
        """End a build that any process asked for; no error if there is none of that id.

        Hanging up cancels as well; this also ends a build whose hang-up goes unnoticed.
        """
        self._api.post(
            f"{self._api.base_url}/v{self._api.api_version}/build/cancel",
            params={"id": build_id},
            timeout=10,
        )

    def import_image(self, archive: Iterable[bytes], name: str, changes: Iterable[str]) -> None:
        """Make an image of one layer from a root file system's tar, as a stream.

        `changes` are Dockerfile lines. docker-py 7.2's own import cannot stream: it announces
        chunks and then sends none.
        """
        repository, _, tag = name.rpartition(":")
        parameters = {
            "fromSrc": "-",
            "repo": repository,
            "tag": tag,
            "changes": list(changes),
        }
        for message in self._api.post_and_follow("/images/create", parameters, archive):
            if "error" in message:
                raise EngineRefused(
                    f"Docker could not import {repository}:{tag}: {message['error']}"
                )

    def can_reach_registry_of(self, name: str, deadline_s: int) -> bool:
        """Whether the engine (its proxies, mirrors and name servers) can look the image up now."""
        try:
            asking: Any = docker.APIClient(
                base_url=self.host, version=self._api.api_version, timeout=deadline_s
            )
            asking.inspect_distribution(name)
        except (DockerException, requests.RequestException):
            return False
        return True

    def pull(self, name: str) -> Iterator[str]:
        """Pull an image, yielding what the engine says about whole layers."""
        try:
            for message in self._api.pull(name, stream=True, decode=True):
                if "error" in message:
                    raise EngineRefused(f"image {name} cannot be pulled: {message['error']}")
                if "progressDetail" not in message:
                    yield str(message.get("status", ""))
        except APIError as error:
            raise EngineRefused(f"image {name} cannot be pulled: {error.explanation}") from error

    def data_root(self) -> Path | None:
        """Where images and steps take their room, if the engine is on this machine."""
        if not self.host.startswith("unix://"):
            return None
        path = Path(self._api.info()["DockerRootDir"])
        return path if path.is_dir() else None

    def tag(self, name: str, other: str) -> None:
        """Give an image one more name."""
        repository, _, tag = other.rpartition(":")
        self._api.tag(name, repository, tag)

    def remove(self, name: str) -> None:
        """Take a name from an image, which goes with its last one; no error if there is none."""
        with suppress(ImageNotFound):
            self._api.remove_image(name)

    def _build(
        self, build: ImageBuild, more: Mapping[str, str], body: Iterable[bytes]
    ) -> Generator[dict[str, Any], None, None]:
        parameters = {
            "t": build.tag,
            "dockerfile": build.dockerfile,
            "labels": json.dumps(dict(build.labels)),
            "buildargs": json.dumps(dict(build.arguments)),
            "networkmode": "default",
            "extrahosts": f"{STEP_HOST}:{self.mark}",
            "buildid": build.id,
            "rm": "1",
            "forcerm": "1",
            **more,  # among it what docker-py 7.2 has no arguments for
        }
        if build.no_cache:
            parameters["nocache"] = "1"
        messages = self._api.post_and_follow("/build", parameters, body)
        ended = False
        try:
            for message in messages:
                ended = "error" in message
                yield message
            ended = True
        finally:
            messages.close()
            if not ended:
                with suppress(EngineUnreachable):  # and then nothing is left to cancel
                    self.cancel(build.id)

    def _upgrade(
        self, path: str, headers: Sequence[tuple[str, str]]
    ) -> tuple[socket.socket, bytes]:
        try:
            return upgrade(self.host, f"/v{self._api.api_version}{path}", headers)
        except OSError as error:
            raise EngineUnreachable("Docker does not answer; is dockerd running?") from error
