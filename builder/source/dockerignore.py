"""What a `.dockerignore` leaves out, by Docker's rules: the engine leaves that to its clients."""

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from releases.errors import PaasError

MAX_PATTERNS = 1000
_BYTE_ORDER_MARK = "\ufeff"
_ANY_DEPTH = "**"

Part = Callable[[str], object]  # says whether it matches one part of a path


class BadDockerIgnore(PaasError):
    """The file cannot be understood."""


@dataclass(frozen=True)
class _Rule:
    parts: tuple[Part | None, ...]  # None is `**`: any number of parts, also none
    keeps: bool  # began with `!`

    def matches(self, path: list[str]) -> bool:
        """Whether the pattern names the path or a parent of it.

        Steps through all ways to match at once: no pattern takes longer than
        its length times that of the path.
        """
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


class DockerIgnore:
    """The patterns of one file. The last one that matches a path, or a parent of it, decides."""

    def __init__(self, text: str) -> None:
        self._rules = _compile(_patterns(text.removeprefix(_BYTE_ORDER_MARK)))

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "DockerIgnore":
        """Patterns that somebody else has read from their file."""
        ignore = cls("")
        ignore._rules = _compile(enumerate(patterns, 1))
        return ignore

    def ignores(self, path: str) -> bool:
        """Whether `path`, relative to the root, is left out."""
        parts = path.split("/")
        ignored = False
        for rule in self._rules:
            if rule.keeps == ignored and rule.matches(parts):
                ignored = not ignored
        return ignored


def _patterns(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#"):
            yield number, line.strip()


def _compile(patterns: Iterable[tuple[int, str]]) -> list[_Rule]:
    rules = list(_rules(patterns))
    if len(rules) > MAX_PATTERNS:
        raise BadDockerIgnore(f".dockerignore has more than {MAX_PATTERNS} patterns")
    return rules


def _rules(patterns: Iterable[tuple[int, str]]) -> Iterator[_Rule]:
    for number, line in patterns:
        names = _clean(line.removeprefix("!").strip())
        if not names:
            continue
        try:
            yield _Rule(tuple(_part(name) for name in names), line.startswith("!"))
        except re.error as error:
            raise BadDockerIgnore(
                f".dockerignore line {number}: {line[:80]!r} is no pattern: {error}"
            ) from error


def _clean(pattern: str) -> list[str]:
    """The pattern's parts without `.`, `..` and repeated `**`."""
    names: list[str] = []
    for name in pattern.split("/"):
        if name == "..":
            del names[-1:]
        elif name == _ANY_DEPTH and names[-1:] == [_ANY_DEPTH]:
            continue
        elif name not in ("", "."):
            names.append(name)
    if names[-1:] == [_ANY_DEPTH]:
        names.append("*")  # `logs/**` is everything in logs, but not logs itself
    return names


def _part(name: str) -> Part | None:
    if name == _ANY_DEPTH:
        return None
    if not set(name) & set("*?[\\"):
        return name.__eq__
    # fnmatch writes expressions that do not backtrack; it has `[!` for `[^` and no backslash.
    pattern = re.sub(r"\\(.)", r"[\1]", name).replace("[^", "[!")
    return re.compile(fnmatch.translate(pattern)).match
