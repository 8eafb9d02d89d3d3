"""Which refs a repository has, and which names can stand beside each other in one."""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from dulwich.refs import DiskRefsContainer, Ref

_MOST_BYTES = 1000  # of a whole name; with the repository's path it must be a path
_MOST_PART_BYTES = 250  # of what is between two slashes: git makes a file of it, and one `.lock`


class RefNames:
    """The refs of a repository as they were when this was made, and which names go together."""

    def __init__(self, repository: Path) -> None:
        self._path = repository
        self._container = DiskRefsContainer(repository)

    def get(self, name: str) -> str | None:
        """The object a ref names, as 40 hex digits."""
        ref = Ref(os.fsencode(name))
        found = self._container.read_loose_ref(ref) or self._packed.get(ref)
        return found.decode() if found else None

    def in_the_way(self, name: str) -> str | None:
        """A ref that git cannot keep beside this one: `a` is a file, or a directory with `a/b`."""
        above = next((parent for parent in parents(name) if self.get(parent)), None)
        if above:
            return above
        return self._packed_below.get(name) or next(self._loose_below(name), None)

    @cached_property
    def _packed(self) -> dict[Ref, bytes]:
        return {Ref(name): value for name, value in self._container.get_packed_refs().items()}

    @cached_property
    def _packed_below(self) -> dict[str, str]:
        names = [os.fsdecode(name) for name in self._packed]
        return {parent: name for name in names for parent in parents(name)}

    def _loose_below(self, name: str) -> Iterator[str]:
        for path in (self._path / name).rglob("*"):
            if path.is_file():
                yield str(path.relative_to(self._path))


def parents(name: str) -> list[str]:
    """`refs/heads/a/b/c` -> `refs/heads/a`, `refs/heads/a/b`."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(3, len(parts))]


def is_too_long(name: str) -> bool:
    """Whether git could not make a file of that name."""
    raw = os.fsencode(name)
    return len(raw) > _MOST_BYTES or max(map(len, raw.split(b"/"))) > _MOST_PART_BYTES
