"""Few bytes that would become many: in our memory, in git's, or on disk."""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.integration.gitreceive.hostile.attack import APP, GROWTH_MB, said, settle
from tests.integration.gitreceive.hostile.packs import (
    BLOB,
    OFS_DELTA,
    blob,
    commit,
    copy,
    delta,
    entry,
    header,
    history,
    offset,
    push,
    raw_pack,
    tag,
    tree,
)
from tests.integration.gitreceive.hostile.victim import MEGABYTE, Victim

pytestmark = pytest.mark.integration

HELLO = blob()
GOOD = history([(b"100644", b"a", HELLO.oid)], HELLO)


@dataclass(frozen=True)
class Bomb:
    """Something to push, and what is said of it."""

    name: str
    make: Callable[[], bytes]
    says: str
    takes_mb: int = GROWTH_MB  # of our own process's memory, at most

    def __str__(self) -> str:
        return self.name


def zeroes(name: bytes, megabytes: int, mode: bytes = b"100644") -> bytes:
    """A push of one file of zeroes, made without holding them all."""
    deflate, chunk, size = zlib.compressobj(1), bytes(MEGABYTE), megabytes * MEGABYTE
    oid = hashlib.sha1(b"blob %d\0" % size)  # noqa: S324 - git's ids are SHA-1
    body = bytearray(header(BLOB, size))
    for _ in range(megabytes):
        oid.update(chunk)
        body += deflate.compress(chunk)
    body += deflate.flush()
    root = tree((mode, name, oid.hexdigest()))
    made = commit(root.oid)
    return push([made], data=raw_pack(made.entry() + root.entry() + body, 3))


def doubling(times: int) -> bytes:
    """A blob of 1 KB and deltas that each double the last one's result."""
    body, size = blob(b"x" * 1024).entry(), 1024
    last = len(body)
    for _ in range(times):
        doubled = b"".join(
            copy(start, min(0xFFFFFF, size - start)) for start in range(0, size, 0xFFFFFF)
        )
        made = entry(OFS_DELTA, delta(size, size * 2, doubled * 2), base=offset(last))
        body, last, size = body + made, len(made), size * 2
    return push(GOOD, data=raw_pack(ENTRIES + body, 4 + times))


def chain(depth: int) -> bytes:
    """A blob that each of so many deltas changes a little; nothing refers to it."""
    body = bytearray(entry(BLOB, bytes(4)))
    last = len(body)
    for number in range(depth):
        made = entry(OFS_DELTA, b"\4\4\4" + (number + 1).to_bytes(4, "big"), base=offset(last))
        body += made
        last = len(made)
    return push(GOOD, data=raw_pack(ENTRIES + bytes(body), 4 + depth))


def tiny(count: int) -> bytes:
    """So many blobs of a few bytes."""
    body = b"".join(entry(BLOB, b"%d" % number, level=1) for number in range(count))
    return push(GOOD, data=raw_pack(ENTRIES + body, 3 + count))


def tree_bomb(levels: int) -> bytes:
    """Ten to the power of `levels` files from a few hundred bytes."""
    trees = [tree(*((b"100644", b"f%d" % n, HELLO.oid) for n in range(10)))]
    for _ in range(levels - 1):
        trees.append(tree(*((b"40000", b"d%d" % n, trees[-1].oid) for n in range(10))))
    return push([commit(trees[-1].oid), *trees, HELLO])


def wide(count: int) -> bytes:
    """One directory of so many files."""
    names = sorted(b"%07d" % n for n in range(count))
    return push(history([(b"100644", name, HELLO.oid) for name in names], HELLO))


def huge_commit(size: int) -> bytes:
    """A commit with a long message."""
    return push([commit(GOOD[1].oid, message=b"x" * size), *GOOD[1:]])


def huge_tag(size: int) -> bytes:
    """An annotated tag with a long message."""
    return push([tag(GOOD[0].oid, message=b"x" * size), *GOOD], b"refs/tags/huge")


ENTRIES = b"".join(thing.entry() for thing in GOOD)
REFUSED = [
    Bomb("a file of 1.1 GB of zeroes", lambda: zeroes(b"a", 1100), "1073741824 are allowed"),
    Bomb("a symlink to 64 MB", lambda: zeroes(b"a", 64, b"120000"), "a name of 67108864 bytes"),
    Bomb("a .dockerignore of 64 MB", lambda: zeroes(b".dockerignore", 64), "shorten it"),
    Bomb("a .gitmodules of 64 MB", lambda: zeroes(b".gitmodules", 64), "gitmodulesLarge"),
    Bomb("1 KB that becomes 2 GB by deltas", lambda: doubling(21), "Out of memory"),
    Bomb("10^8 files in 700 bytes", lambda: tree_bomb(8), "more than 100000 files", 32),
    Bomb("a directory of 300,000 files", lambda: wide(300_000), "more than 100000 files", 32),
]
TAKEN = [
    Bomb("a commit of 60 MB", lambda: huge_commit(60 * MEGABYTE), "Deployed"),
    Bomb("a tag of 60 MB", lambda: huge_tag(60 * MEGABYTE), "unpack ok"),
    Bomb("20,000 deltas on each other", lambda: chain(20_000), "Deployed"),
    Bomb("200,000 tiny blobs", lambda: tiny(200_000), "Deployed"),
]


def explode(door: Victim, bomb: Bomb, app: str) -> str:
    """Push it; return what was said. The process stays small and serves others."""
    sent = bomb.make()
    settle(door)
    door.weigh()
    answer = door.call(f"git-receive-pack '{app}'".encode(), sent)
    settle(door)
    assert door.grown_mb() <= bomb.takes_mb
    assert door.push_honestly() == ""
    assert bomb.says in said(answer)
    return said(answer)


@pytest.mark.parametrize("bomb", REFUSED, ids=str)
def test_a_bomb_is_refused_and_leaves_nothing(door: Victim, bomb: Bomb) -> None:
    assert "\nok refs/" not in explode(door, bomb, APP)
    assert door.left(APP) == []


@pytest.mark.parametrize("bomb", TAKEN, ids=str)
def test_what_is_large_and_no_lie_is_taken_in_little_memory(door: Victim, bomb: Bomb) -> None:
    assert "\nok refs/" in explode(door, bomb, f"app{TAKEN.index(bomb)}")
