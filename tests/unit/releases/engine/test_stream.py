"""What Docker's connection carries: framed without a terminal, plain on one."""

import io
import socket
import struct
from types import SimpleNamespace
from typing import Any

import pytest

from releases.engine.program import Output
from releases.engine.stream import Stream


def opened(data: bytes) -> tuple[Any, socket.socket]:
    """As docker-py returns it, and Docker's end."""
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    reader = io.BufferedReader(socket.SocketIO(ours, "rw"))  # type: ignore[arg-type]  # as in http.client
    response = SimpleNamespace(raw=SimpleNamespace(_fp=SimpleNamespace(fp=reader)))
    response.close = reader.close
    return SimpleNamespace(_response=response), theirs


def frame(kind: int, data: bytes) -> bytes:
    """One piece with its head."""
    return struct.pack(">BxxxL", kind, len(data)) + data


def test_the_two_streams_stay_apart() -> None:
    connection, docker = opened(frame(1, b"out\0") + frame(2, b"err") + frame(1, b""))
    docker.shutdown(socket.SHUT_WR)
    pieces = list(Stream(connection, is_plain=False).output())
    assert pieces == [Output(b"out\0"), Output(b"err", is_error=True)]


def test_a_long_piece_comes_in_parts_and_one_that_is_cut_off_ends() -> None:
    connection, docker = opened(frame(1, b"x" * 150_000) + frame(2, b"y" * 10)[:-3])
    docker.shutdown(socket.SHUT_WR)
    pieces = list(Stream(connection, is_plain=False).output())
    assert sum(len(piece.data) for piece in pieces if not piece.is_error) == 150_000
    assert max(len(piece.data) for piece in pieces) <= 64 * 1024
    assert pieces[-1] == Output(b"y" * 7, is_error=True)


def test_a_terminals_bytes_are_what_they_are() -> None:
    connection, docker = opened(frame(2, b"abc"))
    docker.shutdown(socket.SHUT_WR)
    [piece] = Stream(connection, is_plain=True).output()
    assert piece == Output(frame(2, b"abc"))


def test_the_end_of_the_input_leaves_the_output_open() -> None:
    connection, docker = opened(b"")
    stream = Stream(connection, is_plain=True)
    stream.write(b"in")
    stream.end_input()
    assert (docker.recv(10), docker.recv(10)) == (b"in", b"")
    docker.sendall(b"late")
    docker.close()
    assert [piece.data for piece in stream.output()] == [b"late"]


def test_closing_ends_the_output_and_refuses_more_input() -> None:
    connection, docker = opened(b"")
    stream = Stream(connection, is_plain=True)
    stream.close()
    assert list(stream.output()) == []
    with pytest.raises(OSError, match="Broken pipe"):
        stream.write(b"more")
    stream.release()
    docker.close()
