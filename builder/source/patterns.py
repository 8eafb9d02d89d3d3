"""How a path is matched against a pattern of `*`, `?`, `[...]` and `**`, in bounded time."""

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

ANY_DEPTH = "**"

Part = Callable[[str], object]  # says whether it matches one part of a path


@dataclass(frozen=True)
class Pattern:
    """A pattern, name by name. It steps through all ways to match at once.

    So no pattern takes longer than its length times that of the path.
    """

    parts: tuple[Part | None, ...]  # None is `**`: any number of parts, also none

    @classmethod
    def of(cls, names: Sequence[str]) -> "Pattern":
        """Of the pattern's names; re.error where one is none."""
        below = ["*"] if names[-1:] == [ANY_DEPTH] else []  # `a/**` is all that is in a, but not a
        return cls(tuple(_part(name) for name in (*names, *below)))

    def matches(self, path: Iterable[str]) -> bool:
        """Whether it matches the path as a whole."""
        at = self._reach({0})
        for name in path:
            at = self._reach(set(self._step(at, name)))
        return len(self.parts) in at

    def matches_or_parent(self, path: Iterable[str]) -> bool:
        """Whether it matches the path or a directory above it."""
        at = self._reach({0})
        for name in path:
            at = self._reach(set(self._step(at, name)))
            if len(self.parts) in at:
                return True
            if not at:
                return False
        return False

    def _step(self, at: set[int], name: str) -> Iterator[int]:
        for position in at:
            if position == len(self.parts):
                continue
            part = self.parts[position]
            if part is None:
                yield position
            elif part(name):
                yield position + 1

    def _reach(self, at: set[int]) -> set[int]:
        for position in sorted(at):
            while position < len(self.parts) and self.parts[position] is None:
                position += 1
                at.add(position)
        return at


def _part(name: str) -> Part | None:
    if name == ANY_DEPTH:
        return None
    if not set(name) & set("*?[\\"):
        return name.__eq__
    # fnmatch writes expressions that do not backtrack; it has `[!` for `[^` and no backslash.
    pattern = re.sub(r"\\(.)", r"[\1]", name).replace("[^", "[!")
    return re.compile(fnmatch.translate(pattern)).match
