"""Pushes with some bytes changed, against the whole front door and a real git behind it.

FUZZ_EXAMPLES makes it longer: 5000 take some five minutes.
"""

import os
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.gitreceive.hostile.attack import said, settle
from tests.integration.gitreceive.hostile.packs import (
    CAPABILITIES,
    OFS_DELTA,
    ZERO,
    blob,
    command,
    copy,
    delta,
    entry,
    history,
    offset,
    pkt,
    raw_pack,
    tag,
)
from tests.integration.gitreceive.hostile.victim import Victim

pytestmark = [pytest.mark.integration, pytest.mark.timeout(3600)]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "50"))
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)

HELLO = blob(b"hello\n" * 20)
GOOD = history([(b"100644", b"a", HELLO.oid)], HELLO)
BODY = b"".join(thing.entry() for thing in (*GOOD, tag(GOOD[0].oid)))
DELTA = entry(OFS_DELTA, delta(120, 60, copy(0, 60)), base=offset(len(tag(GOOD[0].oid).entry())))
PACK = raw_pack(BODY, 4)
COMMANDS = (
    pkt(b"shallow " + b"1" * 40)
    + command(ZERO, GOOD[0].oid, b"refs/heads/x", CAPABILITIES + b" push-options atomic")
    + pkt(f"{ZERO} {GOOD[0].oid} refs/tags/y".encode())
    + b"0000"
    + pkt(b"no-deploy")
    + b"0000"
)
GOOD_PUSH = COMMANDS.replace(pkt(b"shallow " + b"1" * 40), b"") + PACK
INTERESTING = [b"", b"\0", b"\xff", b"0000", b"0001", b"ffff", b"\n", b"PACK", b"../", b"\x80" * 12]


@dataclass(frozen=True)
class Change:
    """Put `by` in the place of `size` bytes, so far into the whole."""

    where: float
    size: int
    by: bytes

    def apply(self, sent: bytes) -> bytes:
        """The changed bytes."""
        at = int(self.where * len(sent))
        return sent[:at] + self.by + sent[at + self.size :]


CHANGES = st.lists(
    st.builds(
        Change,
        st.floats(0, 1),
        st.one_of(st.just(0), st.just(1), st.integers(0, 40)),
        st.one_of(st.sampled_from(INTERESTING), st.binary(max_size=8)),
    ),
    min_size=1,
    max_size=4,
)


def check_push(door: Victim, sent: bytes) -> None:
    """It is answered, nothing stays of what was refused, and nothing of ours broke."""
    door.turns += 1
    app = f"fuzz-{door.turns}"
    answer = door.call(f"git-receive-pack '{app}'".encode(), sent)
    assert "internal error" not in answer.text
    settle(door)
    left = door.left(app)  # a push without `report-status` is taken without a word
    assert left == [] or any(name.startswith("refs/") for name in left)
    assert "Traceback" not in door.log()


@fuzz
@given(CHANGES)
def test_a_push_with_changed_bytes_breaks_nothing(door: Victim, changes: list[Change]) -> None:
    sent = COMMANDS + PACK
    for change in changes:
        sent = change.apply(sent)
    check_push(door, sent)


@fuzz
@given(CHANGES)
def test_changed_entries_under_a_true_checksum_break_nothing(
    door: Victim, changes: list[Change]
) -> None:
    body = BODY + DELTA
    for change in changes:
        body = change.apply(body)
    check_push(door, COMMANDS + raw_pack(body, 5))


@fuzz
@given(CHANGES)
def test_a_fetch_with_changed_bytes_breaks_nothing(door: Victim, changes: list[Change]) -> None:
    if not door.left("fuzzed"):
        assert "ok refs/tags/y" in said(door.call(b"git-receive-pack 'fuzzed'", GOOD_PUSH))
    wants = pkt(b"want " + GOOD[0].oid.encode() + b" multi_ack_detailed side-band-64k ofs-delta\n")
    sent = wants + pkt(b"deepen 1") + b"0000" + pkt(b"have " + b"1" * 40) + pkt(b"done\n")
    for change in changes:
        sent = change.apply(sent)
    answer = door.call(b"git-upload-pack 'fuzzed'", sent)
    assert "internal error" not in answer.text
    assert "Traceback" not in door.log()


def test_after_all_this_an_honest_push_works(door: Victim) -> None:
    assert door.push_honestly() == ""
    assert door.threads() < 20
