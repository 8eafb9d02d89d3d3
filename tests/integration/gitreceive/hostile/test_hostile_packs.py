"""Packs that no git would make."""

import pytest

from tests.integration.gitreceive.hostile.attack import Case, refused
from tests.integration.gitreceive.hostile.packs import (
    ABSENT,
    BLOB,
    CAPABILITIES,
    COMMIT,
    OFS_DELTA,
    REF_DELTA,
    ZERO,
    Thing,
    blob,
    command,
    copy,
    delta,
    entry,
    header,
    history,
    offset,
    pack,
    push,
    raw_pack,
)
from tests.integration.gitreceive.hostile.victim import Victim

pytestmark = pytest.mark.integration

HELLO = blob()
GOOD = history([(b"100644", b"a", HELLO.oid)], HELLO)
PACK = pack(GOOD)
ENTRIES = b"".join(thing.entry() for thing in GOOD)


def with_blob(raw: bytes, *, more: int = 0) -> bytes:
    """A push of the good commit, whose blob is this entry instead."""
    body = GOOD[0].entry() + GOOD[1].entry() + raw
    return push(GOOD, data=raw_pack(body, 3 + more))


def with_delta(raw: bytes) -> bytes:
    """The same with the blob, and a delta on it that follows it."""
    base = HELLO.entry()
    return with_blob(base + entry(OFS_DELTA, raw, base=offset(len(base))), more=1)


CASES = [
    Case("nothing where a pack should be", push(GOOD, data=b""), "eof before pack header"),
    Case("the pack ends in its header", push(GOOD, data=PACK[:6]), "eof before pack header"),
    Case("the pack ends in an object", push(GOOD, data=PACK[:-40]), "early EOF"),
    Case("the pack ends in its checksum", push(GOOD, data=PACK[:-3]), "early EOF"),
    Case("a wrong checksum", push(GOOD, data=PACK[:-20] + bytes(20)), "SHA1 mismatch"),
    Case(
        "a wrong magic",
        push(GOOD, data=raw_pack(ENTRIES, 3, magic=b"KCAP")),
        "pack signature mismatch",
    ),
    Case("version 0", push(GOOD, data=raw_pack(ENTRIES, 3, version=0)), "pack version unsupported"),
    Case("version 4", push(GOOD, data=raw_pack(ENTRIES, 3, version=4)), "pack version unsupported"),
    Case(
        "fewer objects than announced",
        push(GOOD, data=raw_pack(ENTRIES, 4)),
        "bad object at offset",
    ),
    Case("more objects than announced", push(GOOD, data=raw_pack(ENTRIES, 2)), "SHA1 mismatch"),
    Case(
        "2^32 objects announced", push(GOOD, data=raw_pack(ENTRIES, 2**32 - 1)), "size_t overflow"
    ),
    Case("an empty pack", push(GOOD, data=raw_pack(b"", 0)), "missing necessary objects"),
    Case(
        "garbage instead of zlib",
        with_blob(header(BLOB, 6) + b"garbage" * 9),
        "inflate: data stream error",
    ),
    Case(
        "an object longer than it says",
        with_blob(entry(BLOB, HELLO.data, 5)),
        "inflate returned -5",
    ),
    Case(
        "an object shorter than it says",
        with_blob(entry(BLOB, HELLO.data, 7)),
        "inflate returned 1",
    ),
    Case(
        "a blob that says it has 2^62 bytes",
        with_blob(entry(BLOB, b"hello\n", 2**62)),
        "inflate returned 1",
    ),
    Case(
        "a commit that says it has 2^40 bytes",
        push(GOOD, data=raw_pack(entry(COMMIT, b"x", 2**40), 1)),
        "Out of memory",
    ),
    Case("a size that does not end", with_blob(b"\xbf" + b"\xff" * 40), "bad object at offset"),
    Case("an object of type 0", with_blob(entry(0, HELLO.data)), "unknown object type 0"),
    Case("an object of type 5", with_blob(entry(5, HELLO.data)), "unknown object type 5"),
    Case(
        "a delta on itself",
        with_blob(entry(OFS_DELTA, b"\6\6" + copy(0, 6), base=b"\0")),
        "delta base offset is out of bound",
    ),
    Case(
        "a delta on what lies before the pack",
        with_blob(entry(OFS_DELTA, b"\6\6" + copy(0, 6), base=offset(1 << 20))),
        "delta base offset is out of bound",
    ),
    Case(
        "an offset that does not end",
        with_blob(header(OFS_DELTA, 9) + b"\xff" * 40),
        "offset value overflow",
    ),
    Case(
        "a delta on an object that is nowhere",
        with_blob(entry(REF_DELTA, b"\6\6" + copy(0, 6), base=bytes.fromhex(ABSENT))),
        "1 unresolved delta",
    ),
    Case("the pack ends in a delta", with_delta(b"\6\6")[:-30], "early EOF"),
    Case(
        "a delta for another size of base",
        with_delta(delta(7, 6, copy(0, 6))),
        "failed to apply delta",
    ),
    Case(
        "a delta that copies beyond its base",
        with_delta(delta(6, 60, copy(3, 60))),
        "delta replay has gone wild",
    ),
    Case(
        "a delta that makes more than it says",
        with_delta(delta(6, 3, copy(0, 6))),
        "delta replay has gone wild",
    ),
    Case(
        "a delta that makes less than it says",
        with_delta(delta(6, 9, copy(0, 6))),
        "delta replay has gone wild",
    ),
    Case(
        "a delta that says it makes 2^60 bytes",
        with_delta(delta(6, 2**60, copy(0, 6))),
        "Out of memory",
    ),
    Case(
        "a delta with the reserved instruction",
        with_delta(delta(6, 6, b"\0" * 6)),
        "unexpected delta opcode 0",
    ),
    Case("an empty delta", with_delta(b""), "failed to apply delta"),
    Case("a delta whose sizes do not end", with_delta(b"\xff" * 30), "size_t overflow"),
    Case(
        "another object than the ref wants",
        push([Thing(BLOB, b"wanted"), *GOOD], data=pack(GOOD)),
        "missing necessary objects",
    ),
    Case("zeroes for a pack", push(GOOD, data=bytes(100_000)), "pack signature mismatch"),
    Case(
        "a pack for a branch that is deleted",
        command(ABSENT, ZERO, b"refs/heads/x", CAPABILITIES) + b"0000" + PACK,
        "x has moved meanwhile",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_pack_that_no_git_would_make_is_refused(door: Victim, case: Case) -> None:
    refused(door, case)
