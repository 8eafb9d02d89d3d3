"""What may be sent before the pack."""

import pytest
from dulwich.protocol import pkt_line

from gitreceive.limits import Limits
from gitreceive.pktline import BadPushRequest, CommandGate

ZERO, ONE = b"0" * 40, b"1" * 40
CREATE = ZERO + b" " + ONE + b" refs/heads/master"


def gate(**limits: int) -> CommandGate:
    """A gate with limits of the test's own."""
    return CommandGate(Limits(**limits))


def test_commands_and_pack_pass_unchanged_byte_by_byte() -> None:
    sent = pkt_line(CREATE + b"\0 report-status") + pkt_line(None) + b"PACK\x00\x01zzzz"
    passing = gate()
    assert b"".join(passing.feed(sent[n : n + 1]) for n in range(len(sent))) == sent


def test_push_options_are_read_when_they_were_announced() -> None:
    announced = pkt_line(CREATE + b"\0 report-status push-options\n") + pkt_line(None)
    passing = gate()
    passing.feed(announced + pkt_line(b"no-cache\n") + pkt_line(b"a b") + pkt_line(None) + b"zzzz")
    assert passing.options == ["no-cache", "a b"]


def test_shallow_lines_before_the_first_ref_do_not_hide_the_options() -> None:
    passing = gate()
    passing.feed(pkt_line(b"shallow " + ONE) + pkt_line(CREATE + b"\0 push-options"))
    passing.feed(pkt_line(None) + pkt_line(b"no-deploy") + pkt_line(None))
    assert (passing.options, passing.is_empty) == (["no-deploy"], False)


@pytest.mark.parametrize(
    "line",
    [
        CREATE + b"\0 report-status object-format=sha256",
        b"0" * 64 + b" " + b"1" * 64 + b" refs/heads/master\0 report-status",
    ],
)
def test_sha256_is_refused_with_what_to_do(line: bytes) -> None:
    with pytest.raises(BadPushRequest, match="git init --object-format=sha1"):
        gate().feed(pkt_line(line))


def test_what_looks_like_options_in_a_pack_is_pack() -> None:
    passing = gate()
    passing.feed(pkt_line(CREATE + b"\0") + pkt_line(None) + pkt_line(b"no-cache") + b"0003")
    assert passing.options == []


def test_a_push_of_nothing_passes() -> None:
    for sent in (b"0000", pkt_line(b"shallow " + ONE) + b"0000"):
        passing = gate()
        assert passing.feed(sent) == sent
        assert passing.is_empty
    assert not gate().is_empty


@pytest.mark.parametrize("noise", [b"zzzz", b"0001", b"0003", b"-001", b"+00a", b" 00a", b"0x0a"])
def test_what_is_no_pkt_line_is_refused(noise: bytes) -> None:
    with pytest.raises(BadPushRequest, match="not git's push protocol"):
        gate().feed(noise + b"............")


@pytest.mark.parametrize(
    "bad", [CREATE + b"\n" + CREATE, b"push-cert\0caps", CREATE + b"\x1b[2J", CREATE + b"\0a\0b"]
)
def test_lines_that_would_forge_another_are_refused(bad: bytes) -> None:
    with pytest.raises(BadPushRequest, match="a ref command that git does not send"):
        gate().feed(pkt_line(bad))


def test_lines_and_bytes_are_bounded() -> None:
    with pytest.raises(BadPushRequest, match="more than 3 refs"):
        gate(ref_commands=3).feed(pkt_line(CREATE) * 4)
    with pytest.raises(BadPushRequest, match="too much was sent"):
        gate(ref_command_bytes=100).feed(pkt_line(CREATE) * 3)
    gate(ref_command_bytes=100).feed(pkt_line(CREATE) + pkt_line(None) + b"x" * 1000)
