"""In which forms languages write the versions that an app wants."""

import re
from collections.abc import Callable, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from semantic_version import NpmSpec  # type: ignore[import-untyped] # 2.10 has no types
from semantic_version import Version as SemanticVersion

Version = tuple[int, int, int]
Fits = Callable[[Version], bool]

_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_EXACT = re.compile(r"[vV]?(\d+(?:\.\d+)*)(?:\.[xX*])*(?:[-+.]?[a-zA-Z][\w.+-]*)?")
_HYPHEN = re.compile(r"\s+-\s+")
_SPACE_AFTER_OPERATOR = re.compile(r"([<>=~^!])\s+")
_NOT = re.compile(r"!=\S+")
_STABILITY = re.compile(r"@\w+")
_TILDE = re.compile(r"~(\d+)(?:\.(\d+))?(?![\d.])")


class BadRange(ValueError):
    """The text is not of its form."""


def literals(text: str) -> list[tuple[int, ...]]:
    """The versions that a text names, in its order."""
    return [_numbers(match) for match in _NUMBER.findall(text)]


def parse_exact(text: str) -> tuple[int, ...]:
    """The numbers of `3.12.4`, `v20`, `20.x` or `3.13.0rc1`; BadRange."""
    match = _EXACT.fullmatch(text)
    if not match:
        raise BadRange("expected a version such as 1.2.3")
    return _numbers(match[1])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _exact(text: str) -> Fits:
    numbers = parse_exact(text)[:3]
    return lambda version: version[: len(numbers)] == numbers


def _minimum(text: str) -> Fits:
    numbers = parse_exact(text)
    return lambda version: version >= numbers


def _pep440(text: str) -> Fits:
    try:
        specifiers = SpecifierSet(text)
    except InvalidSpecifier as error:
        raise BadRange("expected a range such as >=3.11") from error
    return lambda version: specifiers.contains(".".join(map(str, version)))


def _npm(text: str) -> Fits:
    """Also Poetry's dialect of it: commas, one = more."""
    plain = _NOT.sub("", _SPACE_AFTER_OPERATOR.sub(r"\1", text.replace("==", "=")))
    plain = _HYPHEN.sub(" - ", re.sub(r"\s*\|\|?\s*", "||", plain).replace(",", " ")).strip()
    plain = re.sub(r"(?<![-\w.+])[vV](?=\d)", "", plain)
    return _npm_range(re.sub(r"(?<= )\s+", "", plain) or "*")


def _npm_range(plain: str) -> Fits:
    try:
        spec = NpmSpec(plain)
    except ValueError as error:
        raise BadRange("expected a range such as >=1.2 or ^1.2") from error
    return lambda version: spec.match(SemanticVersion(".".join(map(str, version))))


def _composer(text: str) -> Fits:
    """As npm, but `~8.1` goes up to 9."""
    plain = _SPACE_AFTER_OPERATOR.sub(r"\1", _STABILITY.sub("", text))
    return _npm(_TILDE.sub(_below_next_major, plain))


def _below_next_major(match: re.Match[str]) -> str:
    return f">={match[1]}.{match[2] or 0}.0 <{int(match[1]) + 1}.0.0"


def _gem(text: str) -> Fits:
    """As Composer's, but `~>`, and several in quotes."""
    return _composer(re.sub(r"[\"']", "", text).replace("~>", "~"))


FORMS: Mapping[str, Callable[[str], Fits]] = {
    "exact": _exact,
    "minimum": _minimum,
    "pep440": _pep440,
    "npm": _npm,
    "composer": _composer,
    "gem": _gem,
}
