"""How a connection to a Docker Engine becomes one that is no longer HTTP/1."""

import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from docker.utils import parse_host

from releases.errors import PaasError

_CONNECT_S = 10
_MAX_HEAD_BYTES = 16 * 1024
_END_OF_HEAD = b"\r\n\r\n"


class UpgradeRefused(PaasError):
    """The engine does not change the protocol."""


def upgrade(
    host: str, path: str, headers: Sequence[tuple[str, str]]
) -> tuple[socket.socket, bytes]:
    """Ask for HTTP/2 at a path: the connection, and the first bytes of it that are read already.

    OSError where nothing answers; UpgradeRefused with the engine's own words.
    """
    connection = _connect(host)
    try:
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: docker",
            "Connection: Upgrade",
            "Upgrade: h2c",
            *(f"{name}: {value}" for name, value in headers),
        ]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head, rest = _read_head(connection)
        if head.split(b" ", 2)[1:2] != [b"101"]:
            said = (head.splitlines() or [b"nothing"])[0]
            raise UpgradeRefused(f"Docker refused a session: {said[:200].decode('latin-1')}")
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection, rest


def _connect(host: str) -> socket.socket:
    url = urlsplit(parse_host(host))
    if url.scheme != "http+unix":
        return socket.create_connection((str(url.hostname), url.port), _CONNECT_S)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_CONNECT_S)
    connection.connect(url.path)
    return connection


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    read = b""
    while _END_OF_HEAD not in read:
        more = connection.recv(_MAX_HEAD_BYTES)
        if not more:
            raise ConnectionResetError("the engine hung up")
        if len(read) > _MAX_HEAD_BYTES:
            raise UpgradeRefused("Docker refused a session, at great length")
        read += more
    head, _, rest = read.partition(_END_OF_HEAD)
    return head, rest
