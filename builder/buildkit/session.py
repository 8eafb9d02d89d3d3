"""A session: the connection over which the engine fetches what one build needs of us."""

import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from builder.buildkit.directory import Directory
from builder.buildkit.filesync import DIFF_COPY, FileSync
from builder.buildkit.grpc import Metadata, Method, Unary
from builder.buildkit.secrets import GET_SECRET, Secrets
from builder.buildkit.server import Server

_HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"  # a HealthCheckResponse: status 1

# Asks the engine at a path to speak another protocol, with headers; hands over the connection and
# what was read of it too much.
Upgrade = Callable[[str, list[tuple[str, str]]], tuple[socket.socket, bytes]]


@dataclass(frozen=True)
class Offer:
    """What a build may fetch."""

    directories: Mapping[str, Directory]
    shared_key: str  # builds with an equal one send only what changed since the last of them
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def methods(self) -> dict[str, Method]:
        """What is served. Anything else BuildKit asks for is declined."""
        return {
            _HEALTH_CHECK: _check_health,
            DIFF_COPY: FileSync(self.directories).diff_copy,
            GET_SECRET: Secrets(self.secrets).get_secret,
        }


@contextmanager
def session(upgrade: Upgrade, offer: Offer) -> Iterator[str]:
    """Serve an offer, in a thread of its own, for as long as the context lasts; yields its id."""
    identity = uuid.uuid4().hex
    methods = offer.methods()
    headers = [
        ("X-Docker-Expose-Session-Uuid", identity),
        ("X-Docker-Expose-Session-Name", "paas"),
        ("X-Docker-Expose-Session-Sharedkey", offer.shared_key),
        *(("X-Docker-Expose-Session-Grpc-Method", method) for method in methods),
    ]
    connection, received = upgrade("/session", headers)
    server = Server(connection, methods)
    thread = threading.Thread(target=server.serve, args=[received], name="session", daemon=True)
    thread.start()
    try:
        yield identity
    finally:
        server.stop()
        thread.join()


def _check_health(_: Metadata) -> Unary:
    return Unary(lambda _: _SERVING)
