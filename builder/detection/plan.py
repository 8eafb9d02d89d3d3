"""How an app's source is going to be built, as its buildpack, its settings and its files say."""

from dataclasses import dataclass

from builder.detection.detect import detect
from builder.detection.manifest import Buildpack
from builder.source.contents import Contents


@dataclass(frozen=True)
class Plan:
    """All that is known before any image is touched."""

    buildpack: Buildpack
    why: str  # this buildpack: "requirements.txt found"
    dockerfile: str  # its text
    path_in_source: str = ""  # where the source has the Dockerfile; empty: it is the buildpack's
    version: str = ""  # of the language, "3.11"; empty: the only one there is


def make_plan(contents: Contents, buildpacks: list[Buildpack]) -> Plan:
    """Choose the buildpack; NoBuildpackMatched, or another PaasError for files that mislead."""
    match = detect(contents.paths, buildpacks)
    buildpack = match.buildpack
    if buildpack.app_dockerfile:
        text = contents.text(buildpack.app_dockerfile) or ""
        return Plan(buildpack, match.reason, text, buildpack.app_dockerfile)
    return Plan(buildpack, match.reason, buildpack.text(buildpack.dockerfile))
