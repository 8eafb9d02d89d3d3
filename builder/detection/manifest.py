"""What a `buildpack.yml` may say, and which buildpacks there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from releases.errors import PaasError

MANIFEST = "buildpack.yml"


class BadManifest(PaasError):
    """A `buildpack.yml` cannot be used; names the file and the key."""


@dataclass(frozen=True)
class Buildpack:
    """One folder of `buildpacks/`."""

    directory: Path
    name: str
    title: str  # "Python"
    order: int  # lower is asked first
    detect: tuple[str, ...]  # any of these paths in the app's source
    dockerfile: str = ""  # ours, in the folder
    app_dockerfile: str = ""  # the app's own, in its source
    runtime: str = ""  # the Dockerfile of the image that ours stands on, in the folder
    toolchain: str = ""  # the Dockerfile of an image with compilers, on top of the runtime
    versions: Mapping[str, str] = field(default_factory=dict)  # "3.11" -> "bookworm"
    default: str = ""  # the version of an app that asks for none

    def text(self, name: str) -> str:
        """A file of the folder."""
        try:
            return (self.directory / name).read_text()
        except OSError as error:
            raise BadManifest(
                f"{self.directory / MANIFEST}: {name} cannot be read: {error.strerror}"
            ) from error


@dataclass(frozen=True)
class _Key:
    expected: str
    check: Callable[[Any], bool]
    required: bool = False


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_file_name(value: object) -> bool:
    return isinstance(value, str) and Path(value).name == value


def _is_path(value: object) -> bool:
    return _is_text(value) and not str(value).startswith("/") and str(value).count("/") <= 1


_KEYS: Mapping[str, _Key] = {
    "name": _Key("the folder's name", _is_file_name, required=True),
    "title": _Key("text", _is_text, required=True),
    "order": _Key(
        "a whole number", lambda value: type(value) is int, required=True
    ),  # a bool is an int too
    "detect": _Key(
        "a list of paths, at most one directory deep",
        lambda value: isinstance(value, list) and bool(value) and all(map(_is_path, value)),
        required=True,
    ),
    "dockerfile": _Key("the name of a file in the folder", _is_file_name),
    "app_dockerfile": _Key("a path in the app's source", _is_path),
    "runtime": _Key("the name of a file in the folder", _is_file_name),
}


def read_buildpacks(directory: Path) -> list[Buildpack]:
    """All buildpacks of a folder of folders, in the order in which they are asked."""
    found = [read_manifest(path) for path in directory.glob(f"*/{MANIFEST}")]
    return sorted(found, key=lambda buildpack: (buildpack.order, buildpack.name))


def read_manifest(path: Path) -> Buildpack:
    """Read one `buildpack.yml`; BadManifest names the key that cannot be used."""
    try:
        document = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadManifest(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(document, dict):
        raise BadManifest(f"{path}: expected `key: value` lines")
    _check(path, document)
    values = {**document, "detect": tuple(document["detect"])}
    return Buildpack(directory=path.parent, **values)


def _check(path: Path, document: Mapping[Any, Any]) -> None:
    for name in document:
        if name not in _KEYS:
            raise BadManifest(f"{path}: unknown key {name}; known: {', '.join(_KEYS)}")
    for name, key in _KEYS.items():
        _check_key(path, document, name, key)
    if document["name"] != path.parent.name:
        raise BadManifest(f"{path}: key name: expected {path.parent.name}, the folder's name")
    if ("dockerfile" in document) == ("app_dockerfile" in document):
        raise BadManifest(f"{path}: key dockerfile: expected it or app_dockerfile, and not both")


def _check_key(path: Path, document: Mapping[Any, Any], name: str, key: _Key) -> None:
    if name not in document and key.required:
        raise BadManifest(f"{path}: key {name} is missing: {key.expected}")
    if name in document and not key.check(document[name]):
        raise BadManifest(f"{path}: key {name}: expected {key.expected}, found {document[name]!r}")
