"""What it means for each part of the platform to answer, and waiting until all of them do."""

import http.client
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis import RedisError

from host import screen, waiting
from host.manager import Manager
from releases.errors import PaasError
from releases.platform import Platform
from releases.settings import Settings
from releases.work.queue import BUILDS, RELEASES

_ASK_S = 2.0
_WAIT_S = 30.0
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not listened on


class PartSilent(PaasError):
    """A part of the platform does not come up."""


@dataclass(frozen=True)
class Part:
    """A part, as the person should know it, and the question it answers when it is up."""

    process: str  # its row in the table of processes
    title: str
    answers: Callable[[], bool]


def local_address(settings: Settings) -> str:
    """Where we reach on this machine what listens on `bind`."""
    return _ANYWHERE.get(settings.bind, settings.bind)


def parts(platform: Platform, manager: Manager) -> list[Part]:
    """All parts, in the order in which they can come up."""
    settings, address = platform.settings, local_address(platform.settings)

    def redis() -> bool:
        try:
            platform.store.ping()
        except RedisError:
            return False
        return True

    def router() -> bool:
        return redis() and bool(platform.store.routes.awake())

    def workers(row: str, queue: str, count: int) -> Callable[[], bool]:
        def registered() -> bool:
            running = set(manager.pids(row))
            return redis() and len(running & platform.queue.worker_pids(queue)) >= count

        return registered

    return [
        Part("redis", "Redis", redis),
        Part("haproxy", "HAProxy", lambda: answers_http(address, settings.http_port)),
        Part("router-sync", "router sync", router),
        Part(
            "releases", "release workers", workers("releases", RELEASES, settings.release_workers)
        ),
        Part("converger", "converger", lambda: bool(manager.pids("converger"))),
        Part("builder", "build workers", workers("builder", BUILDS, settings.build_workers)),
        Part("gitreceive", "SSH", lambda: answers_ssh(address, settings.ssh_port)),
    ]


def wait_for_all(waited: Sequence[Part], manager: Manager) -> None:
    """Say of each part that it answers; PartSilent names the first that does not."""
    for part in waited:

        def settled(part: Part = part) -> bool:
            return part.answers() or bool(manager.given_up())

        waiting.until(settled, _WAIT_S)
        if not part.answers():
            said = manager.last_words(part.process)
            raise PartSilent(
                f"{part.title} does not answer{f' ({said})' if said else ''}; "
                f"see why: {manager.log_hint(part.process)}"
            )
        screen.detail(f"{part.title}: up")


def answers_http(address: str, port: int) -> bool:
    """Whether an HTTP server answers, with whatever status."""
    connection = http.client.HTTPConnection(address, port, timeout=_ASK_S)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def answers_ssh(address: str, port: int) -> bool:
    """Whether an SSH server shows its banner."""
    try:
        with socket.create_connection((address, port), timeout=_ASK_S) as connection:
            return connection.recv(8).startswith(b"SSH-")
    except OSError:
        return False
