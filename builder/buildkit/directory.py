"""What BuildKit is shown as a directory: entries in the order it wants, and their contents."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from builder.source import tar
from builder.source.members import Stored, read_members
from builder.source.times import time_of

# Go's os.FileMode: permissions in the lowest nine bits, and these.
_DIRECTORY = 1 << 31
_SYMLINK = 1 << 27
_KINDS = {tar.FILE: 0, tar.DIRECTORY: _DIRECTORY, tar.SYMLINK: _SYMLINK}
_SECOND_NS = 10**9


class Entry(NamedTuple):
    """A file, directory or symlink. Owner and group are 0."""

    path: bytes
    mode: int  # Go's
    size: int  # of a symlink: of its target, as Linux has it
    mtime_ns: int
    target: bytes = b""  # of a symlink
    start: int = 0  # where `read` finds the content of a file

    @property
    def is_file(self) -> bool:
        """Whether it has a content."""
        return not self.mode & (_DIRECTORY | _SYMLINK)

    @property
    def is_symlink(self) -> bool:
        """Whether it points elsewhere."""
        return bool(self.mode & _SYMLINK)


@dataclass(frozen=True)
class Directory:
    """A tree that does not change while it is shown."""

    entries: list[Entry]  # parents first, each directory's own in the order of their bytes
    read: Callable[[int, int], bytes]  # (place, how many bytes); fewer at the end


EMPTY = Directory([], lambda _place, _size: b"")


@contextmanager
def directory_of_tar(path: Path) -> Iterator[Directory]:
    """A source tar's members. It is read where it is, as far as contents are asked for."""
    entries = [_entry(member) for member in read_members(path)]
    with path.open("rb") as file:
        yield Directory(
            sorted(entries, key=_walk_order),
            lambda place, size: os.pread(file.fileno(), size, place),
        )


def directory_of_files(files: Mapping[str, bytes]) -> Directory:
    """Files that are in memory, by path; all may be executed by nobody and read by all."""
    parents = {parent for path in files for parent in PurePosixPath(path).parents}
    entries = [
        Entry(str(parent).encode(), _DIRECTORY | 0o755, 0, 0)
        for parent in parents - {PurePosixPath()}
    ]
    content = b""
    for path, text in files.items():
        mtime = time_of(hashlib.sha256(text).hexdigest())
        size = len(text)
        entries.append(Entry(path.encode(), 0o644, size, mtime * _SECOND_NS, start=len(content)))
        content += text
    return Directory(
        sorted(entries, key=_walk_order), lambda place, size: content[place : place + size]
    )


def _entry(member: Stored) -> Entry:
    return Entry(
        member.path,
        _KINDS[member.kind] | member.mode,
        len(member.target) or member.size,
        member.mtime * _SECOND_NS,
        member.target,
        member.start,
    )


def _walk_order(entry: Entry) -> bytes:
    return entry.path.replace(b"/", b"\0")  # no path has a zero byte in it
