"""What is in a commit's tree, and which trees are refused."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, NamedTuple

from releases.errors import PaasError

_CHUNK_BYTES = 64 * 1024
_CONTROL = frozenset(range(32)) | {127}
_PLAIN = re.compile(
    rb"[^\x00-\x1f\x7f/.][^\x00-\x1f\x7f/]*(?:/[^\x00-\x1f\x7f/.][^\x00-\x1f\x7f/]*)*"
)
_SYMLINK_MODE = "120000"


class BadTree(PaasError):
    """The commit holds something that no build can be given."""


@dataclass(frozen=True)
class Limits:
    """How large a tree may be."""

    entries: int = 100_000  # files and directories
    total_bytes: int = 1 << 30  # of all files that are sent
    depth: int = 100
    path_bytes: int = 1024
    name_bytes: int = 255  # what Linux can unpack


class Entry(NamedTuple):
    """One line of `git ls-tree -r -t -l -z`."""

    path: str
    kind: str  # blob, tree or commit (a submodule)
    mode: str  # 100644, 100755, 120000, 040000, 160000
    oid: str
    size: int

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The path of its directory, empty at the top."""
        return self.path.rpartition("/")[0]

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.kind == "blob" and self.mode != _SYMLINK_MODE

    @property
    def is_symlink(self) -> bool:
        """Whether its content is where it points to."""
        return self.mode == _SYMLINK_MODE

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return self.kind == "tree"

    @property
    def is_submodule(self) -> bool:
        """Whether it only names a commit of another repository."""
        return self.kind == "commit"

    @property
    def is_executable(self) -> bool:
        """Whether its owner may execute it."""
        return self.mode == "100755"


def read_tree(listing: IO[bytes], limits: Limits) -> list[Entry]:
    """All entries, or BadTree as soon as one is too many, too deep or oddly named."""
    entries: list[Entry] = []
    for line in _lines(listing):
        entries.append(_entry(line, limits))
        if len(entries) > limits.entries:
            raise BadTree(
                f"the commit has more than {limits.entries} files and directories; keep what is "
                "generated or installed (node_modules, venv, data) out of git"
            )
    return entries


def _lines(listing: IO[bytes]) -> Iterator[bytes]:
    pending = b""
    while chunk := listing.read(_CHUNK_BYTES):
        *lines, pending = (pending + chunk).split(b"\0")
        yield from lines
        if len(pending) > _CHUNK_BYTES:
            raise BadTree("the commit has a path that is too long to unpack")


def _entry(line: bytes, limits: Limits) -> Entry:
    details, _, raw = line.partition(b"\t")
    mode, kind, oid, size = details.decode().split()
    mode, kind = sys.intern(mode), sys.intern(kind)  # a tree may have 100,000 entries
    path = _check_path(raw, limits)
    if size == "BAD":  # what git says of an object it cannot find
        raise BadTree(f"{path} cannot be read: its object {oid} is missing; push again")
    return Entry(path, kind, mode, oid, 0 if size == "-" else int(size))


def _check_path(raw: bytes, limits: Limits) -> str:
    try:
        path = raw.decode()
    except UnicodeDecodeError:
        raise BadTree(f"file name {raw[:200]!r} is not UTF-8; rename it") from None
    if _PLAIN.fullmatch(raw) and raw.count(b"/") < limits.depth and len(raw) <= limits.name_bytes:
        return path  # as nearly all are
    _check_odd_path(raw, path, limits)
    return path


def _check_odd_path(raw: bytes, path: str, limits: Limits) -> None:
    names = raw.split(b"/")
    if not _CONTROL.isdisjoint(raw):
        raise BadTree(f"file name {path[:200]!r} has a control character in it; rename it")
    if not {b"", b".", b".."}.isdisjoint(names):
        raise BadTree(f"path {path[:200]!r} is not one that can be unpacked")
    if len(raw) > limits.path_bytes or max(map(len, names)) > limits.name_bytes:
        raise BadTree(f"path {path[:100]!r}... is too long to unpack")
    if len(names) > limits.depth:
        raise BadTree(f"path {path[:100]!r}... is more than {limits.depth} directories deep")
