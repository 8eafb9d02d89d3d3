"""Which entries of a commit's tree go into a build, and which trees are refused."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from builder.source.dockerignore import DockerIgnore
from releases.errors import PaasError

_CHUNK_BYTES = 64 * 1024
_CONTROL = frozenset(range(32)) | {127}
_SYMLINK_MODE = "120000"
# Docker's own tools send these two whatever `.dockerignore` says; ours is needed for the same.
_ALWAYS_SENT = frozenset({"Dockerfile", "Procfile"})


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


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `git ls-tree -r -t -l -z`."""

    path: str
    kind: str  # blob, tree or commit (a submodule)
    mode: str  # 100644, 100755, 120000, 040000, 160000
    oid: str
    size: int

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


def choose(entries: list[Entry], ignore: DockerIgnore, limits: Limits) -> list[Entry]:
    """What is sent, top level first, parents before what is in them.

    `ignore` is applied, submodules are gone, and the directories of all that is left are there.
    """
    sent = [
        entry
        for entry in entries
        if not entry.is_submodule and (entry.path in _ALWAYS_SENT or not ignore.ignores(entry.path))
    ]
    total = sum(entry.size for entry in sent)
    if total > limits.total_bytes:
        largest = max(sent, key=lambda entry: entry.size)
        raise BadTree(
            f"the commit's files take {total} bytes, {limits.total_bytes} are allowed; "
            f"the largest is {largest.path} ({largest.size} bytes)"
        )
    needed = {parent for entry in sent for parent in _parents(entry.path)}
    needed.difference_update(entry.path for entry in sent)
    sent += [entry for entry in entries if entry.is_directory and entry.path in needed]
    return sorted(sent, key=lambda entry: (entry.path.count("/"), entry.path))


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
    names = raw.split(b"/")
    if not _CONTROL.isdisjoint(raw):
        raise BadTree(f"file name {path[:200]!r} has a control character in it; rename it")
    if not {b"", b".", b".."}.isdisjoint(names):
        raise BadTree(f"path {path[:200]!r} is not one that can be unpacked")
    if len(raw) > limits.path_bytes or max(map(len, names)) > limits.name_bytes:
        raise BadTree(f"path {path[:100]!r}... is too long to unpack")
    if len(names) > limits.depth:
        raise BadTree(f"path {path[:100]!r}... is more than {limits.depth} directories deep")
    return path


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
