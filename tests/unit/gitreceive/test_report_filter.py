"""How our reason gets into git's report."""

import pytest
from dulwich.protocol import pkt_line, pkt_seq

from gitreceive.pktline import ReportFilter

ADVERT = pkt_line(b"1" * 40 + b" refs/heads/master\0report-status\n") + pkt_line(None)
REPORT = pkt_seq(
    b"unpack ok\n",
    b"ng refs/heads/master pre-receive hook declined\n",
    b"ok refs/tags/v1\n",
)
EXPLAINED = pkt_seq(
    b"unpack ok\n", b"ng refs/heads/master the build failed\n", b"ok refs/tags/v1\n"
)


def filtered(sent: bytes, size: int, reason: str = "the build failed") -> bytes:
    """What comes out when git writes in pieces of this size."""
    report = ReportFilter(lambda: reason)
    pieces = [report.feed(sent[n : n + size]) for n in range(0, len(sent), size)]
    return b"".join(pieces) + report.close()


@pytest.mark.parametrize("size", [1, 7, 65536])
def test_the_reason_replaces_gits_words_on_the_sideband(size: int) -> None:
    progress = pkt_line(b"\x02-----> Building\n")
    half = len(REPORT) // 2
    sent = ADVERT + progress + pkt_line(b"\x01" + REPORT[:half]) + pkt_line(b"\x01" + REPORT[half:])
    expected = ADVERT + progress + pkt_line(b"\x01" + EXPLAINED) + pkt_line(None)
    assert filtered(sent + pkt_line(None), size) == expected


def test_the_reason_replaces_gits_words_without_a_sideband() -> None:
    assert filtered(ADVERT + REPORT, 10) == ADVERT + EXPLAINED


def test_progress_and_keepalives_pass_at_once() -> None:
    report = ReportFilter(lambda: "")
    report.feed(ADVERT)
    for packet in (b"\x02line\n", b"\x01", b"\x03fatal: no"):
        assert report.feed(pkt_line(packet)) == pkt_line(packet)


def test_without_a_reason_nothing_is_changed() -> None:
    sent = ADVERT + pkt_line(b"\x01" + REPORT) + pkt_line(None)
    assert filtered(sent, 9, reason="") == sent


def test_a_branch_named_like_the_words_is_left_alone() -> None:
    sent = ADVERT + pkt_seq(b"ok refs/heads/pre-receive hook declined\n")
    assert filtered(sent, 9) == sent


def test_a_report_that_breaks_off_is_passed_on() -> None:
    sent = ADVERT + pkt_line(b"\x01" + REPORT[:30])
    assert filtered(sent, 4) == sent
    assert filtered(ADVERT + b"00", 4) == ADVERT + b"00"


def test_a_short_list_of_refs_goes_as_one_and_a_long_one_as_it_comes() -> None:
    report = ReportFilter(lambda: "")
    first = pkt_line(b"0" * 40 + b" capabilities^{}\0x")
    assert report.feed(first) == b""
    assert report.feed(pkt_line(None)) == first + pkt_line(None)
    long = ReportFilter(lambda: "")
    lines = [pkt_line(b"%040x refs/heads/b" % number) for number in range(1000)]
    assert b"".join(long.feed(line) for line in lines[:900]) != b""
    ended = ReportFilter(lambda: "")
    assert ended.feed(first) + ended.close() == first
