"""Where buildpacks are found: in our folder and in one of the user's own, and who goes first."""

from dataclasses import dataclass
from pathlib import Path

from builder.detection.manifest import MANIFEST, Buildpack, read_buildpacks, read_manifest
from builder.detection.schema import BadManifest
from releases.settings import Settings


@dataclass(frozen=True)
class Buildpacks:
    """All that can be used, in the order in which they are asked."""

    usable: tuple[Buildpack, ...]
    replaced: tuple[str, ...] = ()  # names of ours that the user has buildpacks of too
    faults: tuple[str, ...] = ()  # what of the user's folder cannot be used, and why


def all_buildpacks(settings: Settings) -> Buildpacks:
    """Ours and the user's; what is wrong with the user's is told and stops no other app.

    An app's own Dockerfile comes first, then the user's buildpacks. One of the user's with the
    name of one of ours takes its place.
    """
    ours = read_buildpacks(settings.buildpacks)
    theirs, faults = _theirs(settings.extra_buildpacks)
    names = {buildpack.name for buildpack in theirs}
    kept = [buildpack for buildpack in ours if buildpack.name not in names]
    asked = sorted([*theirs, *kept], key=lambda one: not one.app_dockerfile)
    replaced = tuple(buildpack.name for buildpack in ours if buildpack.name in names)
    return Buildpacks(tuple(asked), replaced, tuple(faults))


def _theirs(folder: str) -> tuple[list[Buildpack], list[str]]:
    if not folder:
        return [], []
    if not Path(folder).is_dir():
        return [], [f"setting extra_buildpacks: {folder} is no folder"]
    found: list[Buildpack] = []
    faults: list[str] = []
    for directory in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
        try:
            found.append(_complete(read_manifest(directory / MANIFEST)))
        except BadManifest as error:
            faults.append(str(error))
    return sorted(found, key=lambda buildpack: (buildpack.order, buildpack.name)), faults


def _complete(buildpack: Buildpack) -> Buildpack:
    """The same, once every file that it names is known to be there."""
    for name in (
        buildpack.dockerfile,
        buildpack.runtime,
        buildpack.toolchain,
        *(variant.dockerfile for variant in buildpack.variants),
    ):
        if name:
            buildpack.text(name)
    return buildpack
