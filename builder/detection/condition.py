"""What a buildpack may ask of an app's source: a file, keys in it, lines of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from builder.detection.document import read_value, texts_of
from builder.detection.schema import check_keys, is_source_path
from builder.source.contents import Contents
from releases.schema import Key, is_text, is_texts


@dataclass(frozen=True)
class Condition:
    """A file that must be there; all that is said of it beside must hold too."""

    file: str  # a path, in which * stands for anything but /
    has: tuple[str, ...] = ()  # any of these keys is in it: "scripts.build"
    matches: str = ""  # a pattern of a line of it, or with `has` of the key's value
    unless: tuple["Condition", ...] = ()  # none of these holds

    def holds(self, contents: Contents) -> str:
        """What was found, "package.json has scripts.build"; empty where it does not hold."""
        for path in sorted(contents.paths):
            found = self._found_in(contents, path) if _names(self.file, path) else ""
            if found and not any(one.holds(contents) for one in self.unless):
                return found
        return ""

    def __str__(self) -> str:
        """As it is told where nothing matched: `package.json with scripts.build`."""
        return f"{self.file} with {' or '.join(self.has)}" if self.has else self.file

    def _found_in(self, contents: Contents, path: str) -> str:
        if self.has:
            return next(
                (f"{path} has {key}" for key in self.has if self._has(contents, path, key)), ""
            )
        if self.matches:
            text = contents.text(path) or ""
            match = re.search(self.matches, text, re.MULTILINE)
            return f"{path} has `{match.group().strip()[:60]}`" if match else ""
        return f"{path} found"

    def _has(self, contents: Contents, path: str, key: str) -> bool:
        value = read_value(contents, path, key)
        if value is None:
            return False
        return any(re.search(self.matches, text) for text in texts_of(value))


def _names(pattern: str, path: str) -> bool:
    return pattern.count("/") == path.count("/") and fnmatchcase(path, pattern)


def read_condition(path: Path, where: str, document: Any) -> Condition:
    """A condition of a manifest: a path, or a mapping; BadManifest."""
    if isinstance(document, str):
        document = {"file": document}
    check_keys(path, where, document, _KEYS)
    unless = tuple(read_condition(path, where, one) for one in document.get("unless", ()))
    return Condition(**{**document, "has": tuple(document.get("has", ())), "unless": unless})


def is_pattern(value: object) -> bool:
    """Whether it is a regular expression."""
    if not is_text(value):
        return False
    try:
        re.compile(str(value))
    except re.error:
        return False
    return True


_KEYS: Mapping[str, Key] = {
    "file": Key("a path in the app's source, at most one directory deep", is_source_path, True),
    "has": Key('a list of keys such as "scripts.build"', is_texts),
    "matches": Key("a regular expression", is_pattern),
    "unless": Key("a list of conditions", lambda value: isinstance(value, list) and bool(value)),
}
