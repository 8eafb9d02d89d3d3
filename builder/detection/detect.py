"""Which buildpack an app's source asks for, and why."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from builder.detection.manifest import Buildpack
from releases.errors import PaasError


@dataclass(frozen=True)
class Match:
    """A buildpack and the path that decided for it."""

    buildpack: Buildpack
    path: str

    @property
    def reason(self) -> str:
        """`requirements.txt found`."""
        return f"{self.path} found"


class NoBuildpackMatched(PaasError):
    """Nothing in the source says how to build it."""

    def __init__(self, looked_for: Sequence[str], near_misses: Sequence[str]) -> None:
        self.looked_for = tuple(looked_for)  # "python: requirements.txt or pyproject.toml"
        self.near_misses = tuple(near_misses)
        hint = near_misses[0] if near_misses else "add one of these files, or a Dockerfile"
        super().__init__(f"no buildpack matched, looked for {'; '.join(looked_for)}; {hint}")


def detect(paths: Collection[str], buildpacks: Sequence[Buildpack]) -> Match:
    """The first buildpack one of whose files is among the source's paths.

    `paths` need to reach one directory deep. NoBuildpackMatched says what was looked for.
    """
    for buildpack in buildpacks:
        for path in buildpack.detect:
            if path in paths:
                return Match(buildpack, path)
    raise NoBuildpackMatched(
        [f"{buildpack.name}: {_either(buildpack.detect)}" for buildpack in buildpacks],
        list(_near_misses(paths, buildpacks)),
    )


def _near_misses(paths: Collection[str], buildpacks: Sequence[Buildpack]) -> Iterator[str]:
    wanted = [path for buildpack in buildpacks for path in buildpack.detect]
    lowered = {path.lower(): path for path in wanted}
    for path in sorted(paths):
        name = path.rpartition("/")[2]
        if path.lower() in lowered:
            yield f"{path} is there, but its name must be {lowered[path.lower()]}"
        elif name in wanted:
            yield f"{path} is there, but must be at the top of the repository"


def _either(paths: Sequence[str]) -> str:
    *most, last = paths
    return f"{', '.join(most)} or {last}" if most else last
