"""What a `buildpack.yml` may say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from builder.detection.condition import Condition, read_condition
from builder.detection.schema import BadManifest, check_keys, is_file_name, is_source_path
from builder.detection.version_file import VersionFile, read_version_file
from releases.schema import Key, is_text, is_text_mapping

MANIFEST = "buildpack.yml"
_VERSION = re.compile(r"\d+(\.\d+){0,2}")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Variant:
    """Another Dockerfile of the folder, for sources of which any of the conditions holds."""

    title: str  # what it does beyond the usual: "Something runs after the source is copied"
    dockerfile: str
    when: tuple[Condition, ...]


@dataclass(frozen=True)
class Buildpack:
    """One folder of `buildpacks/`."""

    directory: Path
    name: str
    title: str  # "Python"
    order: int  # lower is asked first
    detect: tuple[Condition, ...]  # any of these holds for the app's source
    dockerfile: str = ""  # ours, in the folder
    variants: tuple[Variant, ...] = ()  # the first that fits is used instead of it
    app_dockerfile: str = ""  # the app's own, in its source
    runtime: str = ""  # the Dockerfile of the image that ours stands on, in the folder
    toolchain: str = ""  # the Dockerfile of an image with compilers, on top of the runtime
    versions: Mapping[str, str] = field(default_factory=lambda: _NOTHING)  # "3.11" -> "bookworm"
    default: str = ""  # the version of an app that asks for none
    aliases: Mapping[str, str] = field(default_factory=lambda: _NOTHING)  # "lts/*" -> "24"
    version_in: tuple[VersionFile, ...] = ()  # where an app's source says a version, first first
    images: Mapping[str, str] = field(default_factory=lambda: _NOTHING)  # "NODE" -> "node/runtime"

    def text(self, name: str) -> str:
        """A file of the folder."""
        try:
            return (self.directory / name).read_text()
        except OSError as error:
            raise BadManifest(
                f"{self.directory / MANIFEST}: {name} cannot be read: {error.strerror}"
            ) from error


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value)


_KEYS: Mapping[str, Key] = {
    "name": Key("the folder's name", is_file_name, required=True),
    "title": Key("text", is_text, required=True),
    "order": Key(
        "a whole number", lambda value: type(value) is int, required=True
    ),  # a bool is an int too
    "detect": Key("a list of paths or conditions", _is_list, required=True),
    "dockerfile": Key("the name of a file in the folder", is_file_name),
    "variants": Key("a list of `title`, `dockerfile` and `when`", _is_list),
    "app_dockerfile": Key("a path in the app's source", is_source_path),
    "runtime": Key("the name of a file in the folder", is_file_name),
    "toolchain": Key("the name of a file in the folder", is_file_name),
    "versions": Key(
        'versions in quotes and the Debian that has each, `"3.11": bookworm`',
        lambda value: is_text_mapping(value) and all(map(_VERSION.fullmatch, value)),
    ),
    "default": Key("one of the versions, in quotes", is_text),
    "aliases": Key('other words for versions, `lts/*: "24"`', is_text_mapping),
    "version_in": Key("a list of `file` and how it says the version", _is_list),
    "images": Key(
        "build arguments and the images they name, `NODE: node/runtime` or `node/toolchain`",
        lambda value: is_text_mapping(value) and all(map(_is_image, value.values())),
    ),
}
_VARIANT_KEYS: Mapping[str, Key] = {
    "title": Key("text", is_text, required=True),
    "dockerfile": Key("the name of a file in the folder", is_file_name, required=True),
    "when": Key("a list of paths or conditions", _is_list, required=True),
}
_NEEDS = {
    "default": "versions",
    "version_in": "versions",
    "aliases": "versions",
    "toolchain": "runtime",
    "variants": "dockerfile",
}


def _is_image(value: str) -> bool:
    return value.partition("/")[2] in ("runtime", "toolchain")


def read_buildpacks(directory: Path) -> list[Buildpack]:
    """All buildpacks of a folder of folders, in the order in which they are asked."""
    found = [read_manifest(path) for path in directory.glob(f"*/{MANIFEST}")]
    return sorted(found, key=lambda buildpack: (buildpack.order, buildpack.name))


def read_manifest(path: Path) -> Buildpack:
    """Read one `buildpack.yml`; BadManifest names the key that cannot be used."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadManifest(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
    return _parse(path, text)


# All manifests are read for each build, and hardly ever has one changed.
@lru_cache(maxsize=256)
def _parse(path: Path, text: str) -> Buildpack:
    try:
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise BadManifest(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
    check_keys(path, "", document, _KEYS)
    _check_together(path, document)
    return Buildpack(directory=path.parent, **{**document, **_lists(path, document)})


def _check_together(path: Path, document: Mapping[str, Any]) -> None:
    if document["name"] != path.parent.name:
        raise BadManifest(f"{path}: key name: expected {path.parent.name}, the folder's name")
    if ("dockerfile" in document) == ("app_dockerfile" in document):
        raise BadManifest(f"{path}: key dockerfile: expected it or app_dockerfile, and not both")
    versions = document.get("versions", {})
    if versions and document.get("default") not in versions:
        raise BadManifest(f"{path}: key default: expected one of {', '.join(versions)}")
    for key, needed in _NEEDS.items():
        if key in document and needed not in document:
            raise BadManifest(f"{path}: key {key}: expected {needed} beside it")


def _lists(path: Path, document: Mapping[str, Any]) -> dict[str, tuple[object, ...]]:
    return {
        "detect": _conditions(path, "detect", document["detect"]),
        "variants": tuple(_variant(path, one) for one in document.get("variants", ())),
        "version_in": tuple(read_version_file(path, one) for one in document.get("version_in", ())),
    }


def _variant(path: Path, document: Any) -> Variant:
    check_keys(path, "variants: ", document, _VARIANT_KEYS)
    when = _conditions(path, "variants: when", document["when"])
    return Variant(document["title"], document["dockerfile"], when)


def _conditions(path: Path, where: str, documents: list[Any]) -> tuple[Condition, ...]:
    return tuple(read_condition(path, f"{where}: ", one) for one in documents)
