"""How a YAML document is checked: a table of keys, and an error that names the file and the key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releases.errors import PaasError


class BadManifest(PaasError):
    """A `buildpack.yml` cannot be used; names the file and the key."""


@dataclass(frozen=True)
class Key:
    """What a key may hold."""

    expected: str
    check: Callable[[Any], bool]
    required: bool = False


def check_keys(path: Path, where: str, document: Any, keys: Mapping[str, Key]) -> None:
    """BadManifest if the document is no mapping, or has a key or a value that cannot be used.

    `where` is empty at the top of the file, else the place that the error names, "detect[1] ".
    """
    if not isinstance(document, dict):
        raise BadManifest(f"{path}: {where}expected `key: value` lines")
    for name in document:
        if name not in keys:
            raise BadManifest(f"{path}: {where}unknown key {name}; known: {', '.join(keys)}")
    for name, key in keys.items():
        _check_key(path, where, document, name, key)


def _check_key(path: Path, where: str, document: Mapping[Any, Any], name: str, key: Key) -> None:
    if name not in document and key.required:
        raise BadManifest(f"{path}: {where}key {name} is missing: {key.expected}")
    if name in document and not key.check(document[name]):
        raise BadManifest(
            f"{path}: {where}key {name}: expected {key.expected}, found {document[name]!r}"
        )


def is_text(value: object) -> bool:
    """Whether it is text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def is_texts(value: object) -> bool:
    """Whether it is a list of such texts, with at least one."""
    return isinstance(value, list) and bool(value) and all(map(is_text, value))


def is_text_mapping(value: object) -> bool:
    """Whether it is a mapping of such texts to such texts, with at least one."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(is_text(name) and is_text(one) for name, one in value.items())
    )


def is_file_name(value: object) -> bool:
    """Whether it names a file of the manifest's own folder."""
    return is_text(value) and Path(str(value)).name == value


def is_source_path(value: object) -> bool:
    """Whether it is a path in an app's source, at most one directory deep."""
    return is_text(value) and not str(value).startswith("/") and str(value).count("/") <= 1
