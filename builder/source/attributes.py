"""What `export-ignore` in `.gitattributes` leaves out, by the rules of `git archive`."""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from builder.source.patterns import Pattern
from releases.errors import PaasError

NAME = ".gitattributes"
MAX_PATTERNS = 200
_ATTRIBUTE = "export-ignore"
_MACRO = "[attr]"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)')


class BadAttributes(PaasError):
    """There is more of it than anybody writes."""


Words = tuple[tuple[str, bool], ...]  # attribute or macro -> whether it is set; the last is first


@dataclass(frozen=True)
class _Rule:
    pattern: Pattern
    by_name: bool  # in whatever directory below
    directories_only: bool
    words: Words

    def matches(self, names: list[str], is_directory: bool) -> bool:
        if self.directories_only and not is_directory:
            return False
        return self.pattern.matches(names[-1:] if self.by_name else names)


class ExportIgnore:
    """The rules of all `.gitattributes` of a tree. The nearest file's last one decides."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """`texts` has each file's content by its directory, "" at the top."""
        self._macros = dict(_macros(texts.get("", "")))
        names = {_ATTRIBUTE, *self._macros}
        nearest_first = sorted(texts, key=lambda directory: -len(directory))
        found = [(at, [*_rules(texts[at], names)][::-1]) for at in nearest_first]
        self._files = [(f"{at}/" if at else "", rules) for at, rules in found if rules]
        if sum(len(rules) for _, rules in self._files) > MAX_PATTERNS:
            raise BadAttributes(
                f"{NAME} has more than {MAX_PATTERNS} patterns with {_ATTRIBUTE}; "
                "leave directories out as a whole, or use .dockerignore"
            )

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self._files)

    def ignores(self, path: str, is_directory: bool) -> bool:
        """Whether this entry is left out, and with a directory all that is in it."""
        known: dict[str, bool] = {}
        for directory, rules in self._files:
            if not path.startswith(directory):
                continue
            names = path[len(directory) :].split("/")
            for rule in rules:
                if rule.matches(names, is_directory):
                    self._learn(rule.words, known)
                if _ATTRIBUTE in known:
                    return known[_ATTRIBUTE]
        return False

    def _learn(self, words: Words, known: dict[str, bool]) -> None:
        for name, is_set in words:
            if name not in known:
                known[name] = is_set
                if is_set:
                    self._learn(self._macros.get(name, ()), known)


def _rules(text: str, names: Set[str]) -> Iterator[_Rule]:
    for pattern, attributes in _lines(text):
        words = tuple(word for word in attributes if word[0] in names)
        if not words or pattern.startswith(("!", _MACRO)):
            continue  # git takes no pattern that says what it is not for
        path = pattern.removesuffix("/")
        try:
            made = Pattern.of([name for name in path.split("/") if name])
        except re.error:
            continue  # as git does
        yield _Rule(made, "/" not in path, path != pattern, words)


def _macros(text: str) -> Iterator[tuple[str, Words]]:
    """Those that can set export-ignore, also by way of others that stand before them."""
    names = {_ATTRIBUTE}
    for pattern, attributes in _lines(text):
        words = tuple(word for word in attributes if word[0] in names)
        if pattern.startswith(_MACRO) and words:
            name = pattern.removeprefix(_MACRO)
            names.add(name)
            yield name, words


def _lines(text: str) -> Iterator[tuple[str, Words]]:
    for line in text.splitlines():
        line = line.strip(" \t\r")
        quoted = _QUOTED.fullmatch(line)
        if quoted:
            yield re.sub(r"\\([\"\\])", r"\1", quoted[1]), _words(quoted[2].split())
        elif line and not line.startswith("#"):
            pattern, *attributes = line.split()
            yield pattern, _words(attributes)


def _words(attributes: list[str]) -> Words:
    names = ((one.lstrip("-!").partition("=")[0], one) for one in reversed(attributes))
    return tuple((name, name == one) for name, one in names)
