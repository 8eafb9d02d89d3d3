"""Where an app's source says which version of a language it wants, and in which form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.detection.condition import is_pattern
from builder.detection.document import line_of, read_value
from builder.detection.ranges import FORMS
from builder.detection.schema import BadManifest, check_keys, is_source_path
from builder.source.contents import Contents
from releases.schema import Key, is_text


@dataclass(frozen=True)
class VersionFile:
    """A file, the place in it, and the form of what stands there."""

    file: str
    key: str = ""  # in JSON or TOML: "engines.node"
    line: str = ""  # a pattern of a line, whose group 1 is the version
    form: str = "exact"


@dataclass(frozen=True)
class Wish:
    """A version, or a range of versions, that a source asks for."""

    text: str  # ">=3.11"
    form: str
    file: str
    line: int  # of the file, from 1


def read_version_file(path: Path, document: Any) -> VersionFile:
    """An entry of a manifest's version_in; BadManifest."""
    check_keys(path, "version_in: ", document, _KEYS)
    if ("key" in document) == ("line" in document):
        raise BadManifest(f"{path}: version_in: expected key or line, and not both")
    return VersionFile(**document)


def find_wish(contents: Contents, places: tuple[VersionFile, ...]) -> Wish | None:
    """What the first place says that says anything."""
    for place in places:
        text = contents.text(place.file) if place.file in contents.paths else None
        wish = _read(contents, place, text) if text is not None else None
        if wish:
            return wish
    return None


def _read(contents: Contents, place: VersionFile, text: str) -> Wish | None:
    if place.key:
        value = read_value(contents, place.file, place.key)
        if value is None or not str(value).strip():
            return None
        number = line_of(text, place.key.rpartition(".")[2], str(value))
        return Wish(str(value).strip(), place.form, place.file, number)
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        match = re.fullmatch(place.line, line.strip())
        if match:
            return Wish(match[1].strip(), place.form, place.file, number)
    return None


_KEYS: Mapping[str, Key] = {
    "file": Key("a path in the app's source, at most one directory deep", is_source_path, True),
    "key": Key('a key of a JSON or TOML file, "engines.node"', is_text),
    "line": Key(
        "a regular expression with one group",
        lambda value: is_pattern(value) and re.compile(value).groups == 1,
    ),
    "form": Key(f"one of {', '.join(FORMS)}", lambda value: value in FORMS),
}
