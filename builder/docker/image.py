"""How an image is built: BuildKit over the engine's HTTP API, else the classic builder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from builder.docker.context import DOCKERFILE, context
from builder.docker.dockerfile import without_mounts
from builder.docker.engine import Engine, EngineRefused, ImageBuild
from builder.docker.progress import BuildFailed, Progress
from releases.build import Step

Report = Callable[[list[str]], None]  # takes lines for the build's log
Explain = Callable[[str], str]  # takes a step's name: why was it not in the cache?


@dataclass(frozen=True)
class Recipe:
    """All that makes an image."""

    build_id: str  # what the engine and `Engine.cancel` know the build by
    tag: str
    dockerfile: str  # its text
    labels: Mapping[str, str]
    arguments: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    source: Path | None = None  # a tar
    path_in_source: str = ""  # where the source has the same text; else it is sent along
    no_cache: bool = False
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # for RUN --mount


@dataclass(frozen=True)
class Built:
    """What a build made."""

    image: str  # its id
    steps: tuple[Step, ...]


def build_image(engine: Engine, recipe: Recipe, report: Report, *, buildkit: bool = True) -> Built:
    """Build and tag an image.

    BuildFailed names the step that failed; its output has been reported by then.
    """
    if not buildkit:
        return _build(engine, recipe, report, buildkit=False)
    try:
        return _build(engine, recipe, report, buildkit=True)
    except EngineRefused:
        # The engine has no BuildKit, or something is wrong that the classic builder will say.
        return _build(engine, recipe, report, buildkit=False)


def _build(engine: Engine, recipe: Recipe, report: Report, *, buildkit: bool) -> Built:
    text = recipe.dockerfile if buildkit else without_mounts(recipe.dockerfile)
    files, path = dict(recipe.files), recipe.path_in_source
    if not path or text != recipe.dockerfile:
        files, path = {DOCKERFILE: text.encode(), **files}, DOCKERFILE
    build = ImageBuild(
        recipe.build_id, recipe.tag, path, recipe.labels, recipe.arguments, recipe.no_cache
    )
    progress = Progress()
    for message in engine.build(build, context(files, recipe.source), buildkit=buildkit):
        lines = [line for line in progress.read(message) if line]
        if lines:
            report(lines)
    if progress.failure:
        raise progress.failure
    if not progress.image:
        raise BuildFailed("Docker ended the build without naming an image; see its own log")
    return Built(progress.image, ())
