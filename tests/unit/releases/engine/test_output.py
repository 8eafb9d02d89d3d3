"""How output that comes in pieces becomes lines, and Docker's frames become output."""

import struct

import pytest

from releases.engine.execute import unframed
from releases.engine.once import Lines


def frame(stream: int, data: bytes) -> bytes:
    """A piece of output as Docker sends it."""
    return struct.pack(">BxxxL", stream, len(data)) + data


def test_a_line_is_handed_on_as_soon_as_it_is_whole_and_the_last_one_at_the_end() -> None:
    said: list[list[str]] = []
    lines = Lines(said.append)
    for piece in (b"on", b"e\ntwo\r\nth", b"ree"):
        lines.feed(1, piece)
    assert said == [["one", "two"]]
    lines.end()
    assert said[1:] == [["three"]]


def test_output_and_errors_are_not_mixed_within_a_line() -> None:
    said: list[str] = []
    lines = Lines(said.extend)
    for stream, piece in ((1, b"out"), (2, b"error\n"), (1, b"put\n")):
        lines.feed(stream, piece)
    assert said == ["error", "output"]


def test_an_endless_line_is_cut() -> None:
    said: list[str] = []
    Lines(said.extend).feed(1, b"x" * 70_000)
    assert [len(line) for line in said] == [70_000]


def test_bytes_that_are_no_text_are_replaced() -> None:
    said: list[str] = []
    Lines(said.extend).feed(1, b"\xff\n")
    assert said == ["\ufffd"]


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
def test_frames_are_taken_apart_however_they_come(size: int) -> None:
    sent = frame(1, b"hello ") + frame(2, b"oh\n") + frame(1, b"") + frame(1, b"world\n")
    chunks = [sent[at : at + size] for at in range(0, len(sent), size)]
    said = {1: b"", 2: b""}
    for stream, piece in unframed(iter(chunks)):
        said[stream] += piece
    assert said == {1: b"hello world\n", 2: b"oh\n"}
