"""From a commit to the tar that is built: the same tree gives the same bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from builder.source import tar
from builder.source.lfs import is_pointer, warning
from builder.source.objects import Content, Objects
from builder.source.selection import select
from builder.source.symlinks import check_symlinks
from builder.source.times import time_of
from builder.source.tree import BadTree, Entry, Limits, read_tree

_MAX_TARGET_BYTES = 4096
_BUFFER_BYTES = 64 * 1024  # more of it leaves the cache of a core


@dataclass(frozen=True)
class Source:
    """A commit's tar, and what its author should know of it."""

    path: Path
    warnings: tuple[str, ...]


def source_path(sources: Path, app: str, number: int) -> Path:
    """Where the source of a build is kept."""
    return sources / app / f"{number}.tar"


def drop_source(sources: Path, app: str, number: int) -> None:
    """Remove the source of a build that has ended: a rebuild takes it from git again."""
    source_path(sources, app, number).unlink(missing_ok=True)


def write_source(objects: Objects, commit: str, path: Path, limits: Limits | None = None) -> Source:
    """Write the commit's tree as a tar.

    The tree is planned under limits before a byte of a file is read. A tree that cannot be
    built raises BadTree (or another PaasError) and leaves nothing behind.
    """
    limits = limits or Limits()
    with objects.tree(commit) as listing:
        entries = read_tree(listing, limits)
    selection = select(objects, entries, limits)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    try:
        with part.open("wb", buffering=_BUFFER_BYTES) as file:
            pointers = _write(file, selection.sent, objects)
        part.rename(path)  # from here on it is complete, whatever dies
    finally:
        part.unlink(missing_ok=True)
    return Source(path, tuple(_warnings(selection.submodules, pointers)))


def _write(file: BinaryIO, entries: Sequence[Entry], objects: Objects) -> list[str]:
    """Return the paths of files that are Git LFS pointers."""
    links: dict[str, str] = {}
    pointers: list[str] = []
    oids = [entry.oid for entry in entries if not entry.is_directory]
    with objects.contents(oids) as contents:
        for entry in entries:
            if entry.is_directory:
                file.write(tar.header(_member(entry)))
            elif entry.is_symlink:
                link = _symlink(entry, next(contents))
                links[entry.path] = link.target.decode("utf-8", "replace")
                file.write(tar.header(link))
            elif _write_file(file, entry, next(contents)):
                pointers.append(entry.path)
    check_symlinks(links)
    file.write(tar.END)
    return pointers


def _write_file(file: BinaryIO, entry: Entry, content: Content) -> bool:
    """Return whether it is a Git LFS pointer."""
    file.write(tar.header(_member(entry)))
    chunk = b""
    for chunk in content:
        file.write(chunk)
    file.write(tar.padding(entry.size))
    return is_pointer(chunk)


def _member(entry: Entry) -> tar.Member:
    mtime = time_of(entry.oid)
    if entry.is_directory:
        return tar.Member(entry.path.encode(), tar.DIRECTORY, 0o755, mtime=mtime)
    mode = 0o755 if entry.is_executable else 0o644
    return tar.Member(entry.path.encode(), tar.FILE, mode, entry.size, mtime=mtime)


def _symlink(entry: Entry, content: Content) -> tar.Member:
    if entry.size > _MAX_TARGET_BYTES:
        raise BadTree(f"symlink {entry.path} points to a name of {entry.size} bytes")
    target = b"".join(content)
    return tar.Member(
        entry.path.encode(), tar.SYMLINK, 0o777, target=target, mtime=time_of(entry.oid)
    )


def _warnings(submodules: Sequence[Entry], pointers: Sequence[str]) -> Iterator[str]:
    for entry in submodules:
        yield (
            f"submodule {entry.path} is left out: its files are in another repository; "
            "commit them here or install them as a package"
        )
    if pointers:
        yield warning(pointers)
