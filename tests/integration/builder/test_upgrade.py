"""How a session is opened, against an engine that answers one request as it is told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from builder.docker.upgrade import UpgradeRefused, upgrade

pytestmark = pytest.mark.integration

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


@contextmanager
def engine(listener: socket.socket, *answers: bytes) -> Iterator[list[bytes]]:
    """Answers one request, piece by piece, and hangs up; what it was asked."""
    asked: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(65536))
            for answer in answers:
                connection.sendall(answer)

    listener.listen()
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield asked
    finally:
        thread.join(10)
        listener.close()


@pytest.fixture
def listener() -> socket.socket:
    """On a free port."""
    return socket.create_server(("127.0.0.1", 0))


def host(listener: socket.socket) -> str:
    return f"tcp://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    "answers", [[SWITCHED + b"PRI *"], [SWITCHED[:30], SWITCHED[30:] + b"PRI *"]]
)
def test_what_comes_right_behind_the_answer_is_handed_over(
    listener: socket.socket, answers: list[bytes]
) -> None:
    with engine(listener, *answers) as asked:
        connection, rest = upgrade(host(listener), "/session", [("X-Key", "1"), ("X-Key", "2")])
        while len(rest) < 5:
            rest += connection.recv(5)
        assert rest == b"PRI *"
        connection.close()
    (request,) = asked
    assert request.startswith(b"POST /session HTTP/1.1\r\n")
    assert request.endswith(b"Upgrade: h2c\r\nX-Key: 1\r\nX-Key: 2\r\n\r\n")


def test_a_unix_socket_does_as_well(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    with engine(listener, SWITCHED):
        connection, _ = upgrade(f"unix://{tmp_path}/s", "/session", [])
        connection.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "Docker refused a session: HTTP/1.1 404 Not Found"),
        (b"\r\n\r\n", "Docker refused a session: "),
        (b"HTTP/1.1 101 " + b"x" * 40_000, "at great length"),
    ],
)
def test_a_refusal_is_one_line(listener: socket.socket, answer: bytes, reason: str) -> None:
    with engine(listener, answer), pytest.raises(UpgradeRefused, match=reason):
        upgrade(host(listener), "/session", [])


def test_an_engine_that_hangs_up_is_one_that_does_not_answer(listener: socket.socket) -> None:
    with engine(listener), pytest.raises(ConnectionError):
        upgrade(host(listener), "/session", [])
