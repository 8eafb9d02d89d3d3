"""How an app's source is going to be built, as its buildpack, its settings and its files say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from builder.detection.detect import Match, detect
from builder.detection.manifest import Buildpack
from builder.detection.versions import choose_version
from builder.source.contents import Contents
from releases.domain.build import BuildSettings
from releases.errors import PaasError

_ARGUMENT = re.compile(r"^\s*ARG\s+(\w+)", re.IGNORECASE | re.MULTILINE)
_AS_FOUND = BuildSettings()


class NoSuchBuildpack(PaasError):
    """A buildpack was named that is not there."""

    def __init__(self, name: str, buildpacks: Sequence[Buildpack], advice: str) -> None:
        names = ", ".join(buildpack.name for buildpack in buildpacks)
        super().__init__(f"there is no buildpack {name!r}, only {names}; {advice}")


class NoSuchDockerfile(PaasError):
    """The Dockerfile that the app's settings name is not in the source."""


@dataclass(frozen=True)
class Base:
    """An image that a buildpack's Dockerfile stands on."""

    buildpack: Buildpack
    kind: str  # "runtime" or "toolchain"
    version: str = ""


@dataclass(frozen=True)
class Plan:
    """All that is known before any image is touched."""

    buildpack: Buildpack
    why: str  # this buildpack: "requirements.txt found"
    dockerfile: str  # its text
    path_in_source: str = ""  # where the source has the Dockerfile; empty: it is the buildpack's
    version: str = ""  # of the language, "3.11"; empty: the only one there is
    notes: tuple[str, ...] = ()  # what else was decided, and why
    warnings: tuple[str, ...] = ()  # what was asked for and cannot be had
    bases: Mapping[str, Base] = field(default_factory=dict)  # build argument -> the image it names

    @property
    def declares(self) -> frozenset[str]:
        """The build arguments that the Dockerfile has: STACK, RUNTIME, TOOLCHAIN, its own."""
        return frozenset(_ARGUMENT.findall(self.dockerfile))


def make_plan(
    contents: Contents, buildpacks: Sequence[Buildpack], settings: BuildSettings = _AS_FOUND
) -> Plan:
    """Choose the buildpack; NoBuildpackMatched, or another PaasError for files that mislead."""
    match = _match(contents, buildpacks, settings)
    if match.buildpack.app_dockerfile:
        return _own_dockerfile(contents, match, settings.dockerfile)
    return _ours(contents, match, buildpacks)


def _match(contents: Contents, buildpacks: Sequence[Buildpack], settings: BuildSettings) -> Match:
    if settings.buildpack:
        found = find_buildpack(buildpacks, settings.buildpack, "set another with builds:set")
        return Match(found, f"builds:set says buildpack {found.name}")
    if settings.dockerfile:
        own = [buildpack for buildpack in buildpacks if buildpack.app_dockerfile]
        if own:
            return Match(own[0], f"builds:set says dockerfile {settings.dockerfile}")
    return detect(contents, buildpacks)


def find_buildpack(buildpacks: Sequence[Buildpack], name: str, advice: str) -> Buildpack:
    """The one of that name; NoSuchBuildpack, with the advice in its message."""
    for buildpack in buildpacks:
        if buildpack.name == name:
            return buildpack
    raise NoSuchBuildpack(name, buildpacks, advice)


def _own_dockerfile(contents: Contents, match: Match, path: str) -> Plan:
    path = path or match.buildpack.app_dockerfile
    text = contents.text(path)
    if text is None:
        raise NoSuchDockerfile(
            f"{match.reason}, but there is no {path} in the source: commit it, see that "
            ".dockerignore does not leave it out, or set another with builds:set"
        )
    return Plan(match.buildpack, match.reason, text, path)


def _ours(contents: Contents, match: Match, buildpacks: Sequence[Buildpack]) -> Plan:
    buildpack = match.buildpack
    choice = choose_version(contents, buildpack)
    name, why_variant = _dockerfile(contents, buildpack)
    text = buildpack.text(name)
    declared = frozenset(_ARGUMENT.findall(text))
    choices, bases = [choice], dict(_own_bases(buildpack, choice.version, declared))
    for argument, image in buildpack.images.items():
        other, _, kind = image.partition("/")
        found = find_buildpack(buildpacks, other, f"buildpack {buildpack.name} needs it")
        choices.append(choose_version(contents, found))
        bases[argument] = Base(found, kind, choices[-1].version)
    return Plan(
        buildpack=buildpack,
        why=match.reason,
        dockerfile=text,
        version=choice.version,
        notes=tuple(filter(None, (*(one.why for one in choices), why_variant))),
        warnings=tuple(one.warning for one in choices if one.warning),
        bases=bases,
    )


def _own_bases(
    buildpack: Buildpack, version: str, declared: frozenset[str]
) -> Iterator[tuple[str, Base]]:
    if buildpack.runtime and "RUNTIME" in declared:
        yield "RUNTIME", Base(buildpack, "runtime", version)
    if buildpack.toolchain and "TOOLCHAIN" in declared:
        yield "TOOLCHAIN", Base(buildpack, "toolchain", version)


def _dockerfile(contents: Contents, buildpack: Buildpack) -> tuple[str, str]:
    for variant in buildpack.variants:
        for condition in variant.when:
            if found := condition.holds(contents):
                return variant.dockerfile, f"{variant.title}: {found}"
    return buildpack.dockerfile, ""
