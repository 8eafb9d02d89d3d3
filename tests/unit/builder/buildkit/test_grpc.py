"""How messages are framed and how a call's end is said."""

import pytest

from builder.buildkit.grpc import (
    MAX_MESSAGE_BYTES,
    CallRefused,
    Messages,
    Status,
    Unary,
    ending,
    frame,
)


def test_a_message_has_its_length_in_front() -> None:
    assert frame(b"hello") == b"\0\0\0\0\x05hello"
    assert frame(b"") == b"\0\0\0\0\0"


@pytest.mark.parametrize("step", [1, 2, 5, 7, 1000])
def test_messages_are_whole_however_their_bytes_come(step: int) -> None:
    sent = [b"", b"one", b"x" * 300, b"", b"last"]
    wire = b"".join(map(frame, sent))
    messages = Messages()
    read = [m for at in range(0, len(wire), step) for m in messages.feed(wire[at : at + step])]
    assert read == sent


def test_a_message_that_says_it_is_too_long_is_refused_before_it_comes() -> None:
    prefix = b"\0" + (MAX_MESSAGE_BYTES + 1).to_bytes(4, "big")
    with pytest.raises(CallRefused, match="too long") as caught:
        list(Messages().feed(prefix))
    assert caught.value.status is Status.RESOURCE_EXHAUSTED


def test_a_compressed_message_is_refused() -> None:
    with pytest.raises(CallRefused, match="compressed"):
        list(Messages().feed(b"\1\0\0\0\1x"))


def test_the_reason_of_an_end_is_printable_whatever_is_in_it() -> None:
    assert ending(Status.OK) == [(b"grpc-status", b"0")]
    assert ending(Status.NOT_FOUND, "no ü\n100%") == [
        (b"grpc-status", b"5"),
        (b"grpc-message", b"no %C3%BC%0A100%25"),
    ]


def test_a_unary_call_answers_once() -> None:
    call = Unary(lambda message: message[::-1])
    assert call.more() == b""
    call.receive(b"abc")
    assert call.more() == frame(b"cba")
    assert call.more() is None
