"""Which entries of a directory BuildKit asks for: by patterns, by paths that may be links."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from builder.buildkit.directory import Directory, Entry
from builder.source.dockerignore import DockerIgnore

_MOST_PATHS = 10_000  # that symlinks may lead to; a tree's own links cannot leave it
_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True)
class Wanted:
    """What one request names. Nothing named is everything."""

    includes: Sequence[str] = ()
    excludes: Sequence[str] = ()
    follow: Sequence[str] = ()  # includes, and what they lead to if they are symlinks

    @property
    def names(self) -> set[str]:
        """All that is included by name."""
        return {posixpath.normpath(name) for name in (*self.includes, *self.follow)}


def select(directory: Directory, wanted: Wanted) -> list[Entry]:
    """The entries that are asked for, in their order, each with the directories it is in.

    BadDockerIgnore for what is no pattern.
    """
    chosen = directory.entries
    includes = [*wanted.includes]
    if wanted.follow:
        includes += _Links(directory.entries).follow(wanted.follow)
    if includes and "." not in includes:
        chosen = _matching(chosen, includes, keep=True)
    if wanted.excludes:
        chosen = _matching(chosen, wanted.excludes, keep=False)
    if chosen is directory.entries:
        return chosen
    paths = {entry.path for entry in chosen}
    paths |= {parent for path in paths for parent in _parents(path)}
    return [entry for entry in directory.entries if entry.path in paths]


def _matching(entries: list[Entry], patterns: Iterable[str], *, keep: bool) -> list[Entry]:
    matcher = DockerIgnore.of(patterns)
    return [entry for entry in entries if matcher.ignores(_text(entry.path)) is keep]


class _Links:
    """Finds what paths lead to, by the symlinks of one directory."""

    def __init__(self, entries: list[Entry]) -> None:
        self._targets = {
            _text(entry.path): _text(entry.target) for entry in entries if entry.is_symlink
        }
        self._found: set[str] = set()

    def follow(self, paths: Iterable[str]) -> list[str]:
        """The paths, with each symlink on the way to them replaced by itself and its target."""
        ahead = [_inside(path) for path in paths]
        while ahead and len(self._found) < _MOST_PATHS:
            ahead.extend(self._step(ahead.pop()))
        return sorted(self._found)

    def _step(self, path: str) -> Iterator[str]:
        names = path.split("/")
        for length in range(1, len(names) + 1):
            current, rest = "/".join(names[:length]), "/".join(names[length:])
            links = list(self._links_at(current))
            if current in self._found and (links or not rest):
                return
            if links or not rest:
                self._found.add(current)
            for link in links:
                yield _inside(
                    f"{posixpath.join(posixpath.dirname(link), self._targets[link])}/{rest}"
                )
            if links:
                return

    def _links_at(self, path: str) -> Iterator[str]:
        directory, _, name = path.rpartition("/")
        if _WILDCARDS.isdisjoint(name):
            if path in self._targets:
                yield path
            return
        matcher = DockerIgnore.of([name])
        for link in self._targets:
            parent, _, own = link.rpartition("/")
            if parent == directory and matcher.ignores(own):
                yield link


def _inside(path: str) -> str:
    """The path from the directory's root, above which nothing is."""
    return posixpath.normpath(f"/{path}").lstrip("/") or "."


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _parents(path: bytes) -> Iterator[bytes]:
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        yield path
