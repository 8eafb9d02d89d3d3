"""How a YAML document is checked: a table of keys, and an error that names the file and the key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from releases.errors import PaasError
from releases.schema import Key, find_fault, is_text


class BadManifest(PaasError):
    """A `buildpack.yml` cannot be used; names the file and the key."""


def check_keys(path: Path, where: str, document: Any, keys: Mapping[str, Key]) -> None:
    """BadManifest if the document is no mapping, or has a key or a value that cannot be used.

    `where` is empty at the top of the file, else the place that the error names, "detect[1] ".
    """
    if not isinstance(document, dict):
        raise BadManifest(f"{path}: {where}expected `key: value` lines")
    for name in document:
        if name not in keys:
            raise BadManifest(f"{path}: {where}unknown key {name}; known: {', '.join(keys)}")
    if fault := find_fault(document, keys):
        raise BadManifest(f"{path}: {where}{fault}")


def is_file_name(value: object) -> bool:
    """Whether it names a file of the manifest's own folder."""
    return is_text(value) and Path(str(value)).name == value


def is_source_path(value: object) -> bool:
    """Whether it is a path in an app's source, at most one directory deep."""
    return is_text(value) and not str(value).startswith("/") and str(value).count("/") <= 1
