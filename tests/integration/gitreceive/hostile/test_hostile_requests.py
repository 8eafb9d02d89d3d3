"""What comes before the pack: pkt-lines and refs that no git would send."""

import pytest

from tests.integration.gitreceive.hostile.attack import Case, refused
from tests.integration.gitreceive.hostile.packs import (
    ABSENT,
    CAPABILITIES,
    ZERO,
    blob,
    command,
    history,
    pack,
    pkt,
    push,
)
from tests.integration.gitreceive.hostile.victim import Victim

pytestmark = pytest.mark.integration

HELLO = blob()
GOOD = history([(b"100644", b"a", HELLO.oid)], HELLO)
COMMIT = GOOD[0].oid
CREATE = f"{ZERO} {COMMIT} refs/heads/master".encode()
NOT_GIT = "this is not git's push protocol"
FORGED = "a ref command that git does not send"


def commands(*lines: bytes) -> bytes:
    """A push of the good commit with these commands."""
    first, *more = lines
    return b"".join([pkt(first + b"\0" + CAPABILITIES), *map(pkt, more), b"0000", pack(GOOD)])


def both(*refs: bytes) -> bytes:
    """A push that creates all of these."""
    return commands(*(f"{ZERO} {COMMIT} ".encode() + ref for ref in refs))


def create(ref: bytes) -> bytes:
    """A push that creates one ref."""
    return push(GOOD, ref)


LINES = [
    *(
        Case(f"a line of length {size}", size.encode() + b"x" * 70_000, NOT_GIT)
        for size in ("0001", "0002", "0003", "fff1", "ffff", "-001", "0x10", " 010", "GET ")
    ),
    Case("an empty line", b"0004" + push(GOOD), "protocol error: expected old/new/ref"),
    Case("a half line", pkt(CREATE + b"\0" + CAPABILITIES)[:-20], "hung up"),
    Case("commands without a flush", pkt(CREATE + b"\0" + CAPABILITIES), "hung up"),
    Case("60000 commands", pkt(CREATE) * 60_000 + b"0000", "more than 10000 refs in one push"),
    Case("5 MB of commands", pkt(CREATE + b"x" * 60_000) * 80, "too much was sent before the pack"),
    Case("capabilities of 60 KB", commands(CREATE + b"\0" + b" x" * 30_000), FORGED),
    Case("a null byte in the ref", create(b"refs/heads/a\0b"), FORGED),
    Case("a null byte in front", pkt(b"\0" + CREATE) + b"0000", "protocol error"),
    Case("a second line inside a command", commands(CREATE + b"\n" + CREATE), FORGED),
    Case("a carriage return", commands(CREATE + b"\r"), FORGED),
    Case(
        "a signed push",
        pkt(b"push-cert\0" + CAPABILITIES) + pkt(b"push-cert-end\n") + b"0000",
        FORGED,
    ),
    Case("shallow garbage", pkt(b"shallow zzz") + push(GOOD), "protocol error"),
    Case("shallow without an object", pkt(b"shallow ") + push(GOOD), "protocol error"),
    Case("short ids", commands(CREATE[10:]), "protocol error"),
    Case("words that are no command", commands(b"hello"), "protocol error"),
    Case(
        "a control character in a push option",
        pkt(CREATE + b"\0" + CAPABILITIES + b" push-options")
        + b"0000"
        + pkt(b"a\x1b[2J")
        + b"0000",
        FORGED,
    ),
    Case(
        "endless push options behind a shallow line",
        pkt(b"shallow " + COMMIT.encode())
        + pkt(CREATE + b"\0" + CAPABILITIES + b" push-options")
        + b"0000"
        + pkt(b"x" * 60_000) * 80,
        "too much was sent before the pack",
    ),
]
REFS = [
    *(
        Case(f"the ref {ref.decode()}", create(ref), "can be pushed")
        for ref in (b"HEAD", b"config", b"master", b"/refs/heads/a", b"objects/pack/x", b"../../x")
    ),
    *(
        Case(f"the ref {ref.decode()}", create(ref), "hidden ref")
        for ref in (
            b"refs/x",
            b"refs/paas/x",
            b"refs/notes/x",
            b"refs/replace/" + b"1" * 40,
            b"refs/stash",
            b"refs/headsx/y",
            b"refs/original/refs/heads/master",
        )
    ),
    *(
        Case(
            f"the name {ref.decode()}", create(b"refs/heads/" + ref), "no name for a branch or tag"
        )
        for ref in (
            b"../../x",
            b"../../../honest.git/refs/heads/master",
            b"x.lock",
            b"a/x.lock/b",
            b"@{",
            b"a..b",
            b".a",
            b"a//b",
            b"a/",
            b"a.",
            b"a~1",
            b"a^",
            b"a:b",
            b"a?",
            b"a*",
            b"a[",
            b"a\\b",
            b"",
        )
    ),
    *(
        Case(f"the name {ref!r}", create(b"refs/heads/" + ref), says)
        for ref, says in (
            (b"a\x7fb", "no name"),
            (b"a\x1bb", FORGED),
            (b"a\tb", FORGED),
            (b"a b", "not a ref command"),
        )
    ),
    Case("a name of 4 KB", create(b"refs/heads/" + b"a" * 4096), "too long"),
    Case("a name of 4 KB in parts", create(b"refs/heads/" + b"a/" * 2047 + b"a"), "too long"),
    Case("a name that is too long for its lock", create(b"refs/heads/" + b"a" * 252), "too long"),
    Case("the tag of 4 KB", create(b"refs/tags/" + b"a" * 4096), "too long"),
    Case("one ref twice", both(b"refs/heads/a", b"refs/heads/a"), "twice"),
    Case("the deploy branch twice", both(b"refs/heads/master", b"refs/heads/master"), "twice"),
    Case("two deploy branches", both(b"refs/heads/master", b"refs/heads/main"), "one of them"),
    Case(
        "a branch below the deploy branch",
        both(b"refs/heads/master/x", b"refs/heads/master"),
        "cannot be beside master",
    ),
    Case("a branch above another", both(b"refs/heads/a", b"refs/heads/a/b"), "cannot be beside"),
    Case(
        "a ref to what was not sent",
        command(ZERO, ABSENT, b"refs/heads/master", CAPABILITIES) + b"0000" + pack(GOOD),
        "missing",
    ),
    Case(
        "an old value that is none",
        commands(CREATE.replace(ZERO.encode(), ABSENT.encode())),
        "has moved meanwhile",
    ),
]
CASES = [*LINES, *REFS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_request_that_no_git_would_make_is_refused(door: Victim, case: Case) -> None:
    answer = refused(door, case)
    assert answer.status in (0, 2, 128), "git's own, or that of bad input"
