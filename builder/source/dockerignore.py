"""What a `.dockerignore` leaves out, by Docker's rules: the engine leaves that to its clients."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from builder.source.patterns import ANY_DEPTH, Pattern
from releases.errors import PaasError

MAX_PATTERNS = 1000
_BYTE_ORDER_MARK = "\ufeff"


class BadDockerIgnore(PaasError):
    """The file cannot be understood."""


@dataclass(frozen=True)
class _Rule:
    pattern: Pattern
    keeps: bool  # began with `!`


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
            if rule.keeps == ignored and rule.pattern.matches_or_parent(parts):
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
            yield _Rule(Pattern.of(names), line.startswith("!"))
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
        elif name == ANY_DEPTH and names[-1:] == [ANY_DEPTH]:
            continue
        elif name not in ("", "."):
            names.append(name)
    return names
