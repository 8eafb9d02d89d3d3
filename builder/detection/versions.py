"""Which version of a language an app gets: what it asks for, or the nearest that there is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from builder.detection.document import MalformedFile
from builder.detection.manifest import Buildpack
from builder.detection.ranges import FORMS, BadRange, Fits, Version, literals, parse_exact
from builder.detection.version_file import Wish, find_wish
from builder.source.contents import Contents

_ANY_PATCH = (0, 999_999)  # what Debian has of "3.11" is some 3.11.x
_LONGEST_WISH = 200


@dataclass(frozen=True)
class Choice:
    """A version, and what the pusher is told of it."""

    version: str = ""  # one of the buildpack's; empty: it has none
    why: str = ""  # "Python 3.11, as .python-version says"
    warning: str = ""  # what was asked for cannot be had


def choose_version(contents: Contents, buildpack: Buildpack) -> Choice:
    """Never fails for a version that cannot be had; MalformedFile for what is no version."""
    if not buildpack.versions:
        return Choice()
    wish = find_wish(contents, buildpack.version_in)
    if wish is None:
        return Choice(buildpack.default, f"{buildpack.title} {buildpack.default}, the default")
    text = buildpack.aliases.get(wish.text.lower(), wish.text)
    fits = _read(wish, text, buildpack.title)
    fitting = [version for version in buildpack.versions if _may_fit(version, fits, text)]
    if fitting:
        version = _nearest(parse_exact(buildpack.default), fitting)
        return Choice(version, f"{buildpack.title} {version}: {wish.file} asks for {wish.text}")
    return _make_do(wish, text, buildpack)


def _make_do(wish: Wish, text: str, buildpack: Buildpack) -> Choice:
    named = literals(text) or [parse_exact(buildpack.default)]
    version = _nearest(min(named), buildpack.versions)
    title = buildpack.title
    return Choice(
        version,
        f"{title} {version}, the nearest to what {wish.file} asks for",
        f"{wish.file} asks for {title} {wish.text}, which cannot be had here; "
        f"{version} is taken (there are {', '.join(buildpack.versions)})",
    )


def _read(wish: Wish, text: str, title: str) -> Fits:
    try:
        if len(text) > _LONGEST_WISH:
            raise BadRange("it is too long")
        return FORMS[wish.form](text)
    except BadRange as error:
        shown = wish.text[:60]
        raise MalformedFile(
            wish.file, wish.line, f"{shown!r} is no version of {title}: {error}"
        ) from error


def _may_fit(offered: str, fits: Fits, text: str) -> bool:
    """Whether any release of the offered line is in the range: its first, last or a named one."""
    line = parse_exact(offered)
    named = (_filled(one) for one in literals(text) if one[: len(line)] == line)
    return any(fits(one) for one in (*(_filled(line, patch) for patch in _ANY_PATCH), *named))


def _filled(numbers: Sequence[int], rest: int = 0) -> Version:
    major, minor, patch = (*numbers[:3], *(rest,) * (3 - len(numbers)))
    return (major, minor, patch)


def _nearest(wanted: Sequence[int], offered: Iterable[str]) -> str:
    """That version, else the next newer, else the newest: old code mostly runs on a newer one."""
    ascending = sorted(offered, key=parse_exact)
    for version in ascending:
        numbers = parse_exact(version)
        if numbers >= tuple(wanted)[: len(numbers)]:
            return version
    return ascending[-1]
