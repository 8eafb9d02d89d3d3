"""Git's objects and packs, byte by byte: also such as git itself would never write."""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
_NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}
ZERO = "0" * 40
ABSENT = "d" * 40


@dataclass(frozen=True)
class Thing:
    """An object: its type and its content."""

    kind: int
    data: bytes

    @property
    def oid(self) -> str:
        """Its id, as 40 hex digits."""
        header = b"%b %d\0" % (_NAMES[self.kind], len(self.data))
        return hashlib.sha1(header + self.data).hexdigest()  # noqa: S324 - git's ids are SHA-1

    def entry(self, level: int = 6) -> bytes:
        """As it stands in a pack."""
        return entry(self.kind, self.data, level=level)


def blob(data: bytes = b"hello\n") -> Thing:
    """A file's content."""
    return Thing(BLOB, data)


def tree(*entries: tuple[bytes, bytes, str]) -> Thing:
    """A directory of (mode, name, oid), in the order given, whatever git thinks of it."""
    return Thing(TREE, b"".join(m + b" " + n + b"\0" + bytes.fromhex(o) for m, n, o in entries))


def commit(tree: str, *parents: str, message: bytes = b"x\n", author: bytes = b"") -> Thing:
    """A commit."""
    who = author or b"a <a@example.org> 1 +0000"
    lines = [b"tree " + tree.encode(), *(b"parent " + parent.encode() for parent in parents)]
    lines += [b"author " + who, b"committer " + who]
    return Thing(COMMIT, b"\n".join(lines) + b"\n\n" + message)


def tag(oid: str, kind: bytes = b"commit", message: bytes = b"x\n") -> Thing:
    """An annotated tag."""
    head = b"object %b\ntype %b\ntag t\ntagger a <a@example.org> 1 +0000\n\n"
    return Thing(TAG, head % (oid.encode(), kind) + message)


def history(entries: Sequence[tuple[bytes, bytes, str]], *more: Thing) -> list[Thing]:
    """A commit of one tree, first, and what else is to be in the pack."""
    root = tree(*entries)
    return [commit(root.oid), root, *more]


def entry(
    kind: int, data: bytes, size: int | None = None, base: bytes = b"", level: int = 6
) -> bytes:
    """One entry of a pack; `size` is what its header claims."""
    return header(kind, len(data) if size is None else size) + base + zlib.compress(data, level)


def header(kind: int, size: int) -> bytes:
    """Type and size, seven bits to a byte after the first four."""
    first, rest = size & 15, size >> 4
    out = bytearray()
    byte = kind << 4 | first
    while rest:
        out.append(byte | 0x80)
        byte, rest = rest & 0x7F, rest >> 7
    return bytes([*out, byte])


def offset(distance: int) -> bytes:
    """How far back the base of an OFS_DELTA lies."""
    out = [distance & 0x7F]
    while distance := distance >> 7:
        distance -= 1
        out.append(distance & 0x7F | 0x80)
    return bytes(reversed(out))


def varint(number: int) -> bytes:
    """A size inside a delta."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def delta(source: int, target: int, instructions: bytes) -> bytes:
    """A delta between contents of these sizes."""
    return varint(source) + varint(target) + instructions


def copy(start: int, size: int) -> bytes:
    """Copy from the base: at most 0xffffff bytes."""
    return b"\xff" + struct.pack("<I", start) + struct.pack("<I", size)[:3]


def raw_pack(body: bytes, count: int, version: int = 2, magic: bytes = b"PACK") -> bytes:
    """A pack of entries that are bytes already, with a true checksum."""
    data = magic + struct.pack(">II", version, count) + body
    return data + hashlib.sha1(data).digest()  # noqa: S324 - git's checksum is SHA-1


def pack(things: Sequence[Thing]) -> bytes:
    """A pack as it should be."""
    return raw_pack(b"".join(thing.entry() for thing in things), len(things))


def pkt(line: bytes) -> bytes:
    """A pkt-line."""
    return b"%04x" % (len(line) + 4) + line


def command(
    old: str, new: str, ref: bytes = b"refs/heads/master", capabilities: bytes = b""
) -> bytes:
    """A ref command as a pkt-line."""
    return pkt(old.encode() + b" " + new.encode() + b" " + ref + b"\0" + capabilities)


CAPABILITIES = b" report-status side-band-64k agent=git/2.39.5"


def push(
    things: Sequence[Thing], ref: bytes = b"refs/heads/master", data: bytes | None = None
) -> bytes:
    """All that a client sends to create `ref` at the first of these objects."""
    made = command(ZERO, things[0].oid, ref, CAPABILITIES)
    return made + b"0000" + (pack(things) if data is None else data)
