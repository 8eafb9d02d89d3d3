"""Which buildpack an app's source asks for, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.detection.manifest import Buildpack
from builder.source.contents import Contents
from releases.errors import PaasError


@dataclass(frozen=True)
class Match:
    """A buildpack and what decided for it."""

    buildpack: Buildpack
    reason: str  # "requirements.txt found"


class NoBuildpackMatched(PaasError):
    """Nothing in the source says how to build it."""

    def __init__(self, looked_for: Sequence[str], near_misses: Sequence[str]) -> None:
        self.looked_for = tuple(looked_for)  # "python: requirements.txt or pyproject.toml"
        self.near_misses = tuple(near_misses)
        hint = near_misses[0] if near_misses else "add one of these files, or a Dockerfile"
        super().__init__(f"no buildpack matched, looked for {'; '.join(looked_for)}; {hint}")


def detect(contents: Contents, buildpacks: Sequence[Buildpack]) -> Match:
    """The first buildpack one of whose conditions holds.

    NoBuildpackMatched says what was looked for; MalformedFile if a file that decides cannot be
    read.
    """
    for buildpack in buildpacks:
        for condition in buildpack.detect:
            if reason := condition.holds(contents):
                return Match(buildpack, reason)
    raise NoBuildpackMatched(
        [f"{buildpack.name}: {looked_for(buildpack)}" for buildpack in buildpacks],
        list(_near_misses(contents, buildpacks)),
    )


def looked_for(buildpack: Buildpack) -> str:
    """`requirements.txt or pyproject.toml`."""
    *most, last = dict.fromkeys(str(condition) for condition in buildpack.detect)
    return f"{', '.join(most)} or {last}" if most else last


def _near_misses(contents: Contents, buildpacks: Sequence[Buildpack]) -> Iterator[str]:
    wanted = [condition.file for buildpack in buildpacks for condition in buildpack.detect]
    lowered = {path.lower(): path for path in wanted}
    for path in sorted(contents.paths):
        name = path.rpartition("/")[2]
        if path.lower() in lowered and path not in wanted:
            yield f"{path} is there, but its name must be {lowered[path.lower()]}"
        elif name in wanted and path not in wanted:
            yield f"{path} is there, but must be at the top of the repository"
