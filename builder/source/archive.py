"""From a commit to the tar that is built: the same tree gives the same bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from builder.source import tar
from builder.source.dockerignore import BadDockerIgnore, DockerIgnore
from builder.source.objects import Blobs, Objects
from builder.source.symlinks import check_symlinks
from builder.source.times import time_of
from builder.source.tree import BadTree, Entry, Limits, choose, read_tree

_MAX_IGNORE_BYTES = 256 * 1024
_MAX_TARGET_BYTES = 4096


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
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    try:
        with objects.blobs() as blobs, part.open("wb") as file:
            sent = choose(entries, _read_ignore(blobs, entries), limits)
            _write(file, sent, blobs)
        part.rename(path)  # from here on it is complete, whatever dies
    finally:
        part.unlink(missing_ok=True)
    return Source(path, tuple(_warnings(entries)))


def _read_ignore(blobs: Blobs, entries: Sequence[Entry]) -> DockerIgnore:
    for entry in entries:
        if entry.path == ".dockerignore" and entry.kind == "blob" and not entry.is_symlink:
            if entry.size > _MAX_IGNORE_BYTES:
                raise BadDockerIgnore(f".dockerignore is {entry.size} bytes long; shorten it")
            (content,) = (b"".join(chunks) for chunks in blobs.read([entry.oid]))
            return DockerIgnore(content.decode("utf-8", "replace"))
    return DockerIgnore("")


def _write(file: BinaryIO, entries: Sequence[Entry], blobs: Blobs) -> None:
    contents = blobs.read([entry.oid for entry in entries if not entry.is_directory])
    links: dict[str, str] = {}
    for entry in entries:
        if entry.is_directory:
            file.write(tar.header(_member(entry)))
        elif entry.is_symlink:
            link = _symlink(entry, next(contents))
            links[entry.path] = link.target.decode("utf-8", "replace")
            file.write(tar.header(link))
        else:
            file.write(tar.header(_member(entry)))
            file.writelines(next(contents))
            file.write(tar.padding(entry.size))
    check_symlinks(links)
    file.write(tar.END)


def _member(entry: Entry) -> tar.Member:
    mtime = time_of(entry.oid)
    if entry.is_directory:
        return tar.Member(entry.path.encode(), tar.DIRECTORY, 0o755, mtime=mtime)
    mode = 0o755 if entry.is_executable else 0o644
    return tar.Member(entry.path.encode(), tar.FILE, mode, entry.size, mtime=mtime)


def _symlink(entry: Entry, content: Iterator[bytes]) -> tar.Member:
    if entry.size > _MAX_TARGET_BYTES:
        raise BadTree(f"symlink {entry.path} points to a name of {entry.size} bytes")
    target = b"".join(content)
    return tar.Member(
        entry.path.encode(), tar.SYMLINK, 0o777, target=target, mtime=time_of(entry.oid)
    )


def _warnings(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.is_submodule:
            yield (
                f"submodule {entry.path} is left out: its files are in another repository; "
                "commit them here or install them as a package"
            )
