"""How an image is built: by BuildKit, which fetches what it needs, else by the classic builder."""

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.buildkit.directory import directory_of_files, directory_of_tar
from builder.buildkit.filesync import CONTEXT, DOCKERFILE
from builder.buildkit.session import Offer
from builder.docker.context import DOCKERFILE_PATH, context
from builder.docker.dockerfile import cache_namespace, without_mounts
from builder.docker.engine import Engine, EngineRefused, ImageBuild
from builder.docker.mask import mask_of
from builder.docker.progress import BuildFailed, Progress
from builder.docker.steps import Explain, unexplained
from releases.domain.build import Step

Report = Callable[[list[str]], None]  # takes lines for the build's log

_DOCKERFILE = "Dockerfile"  # what messages about it call it


@dataclass(frozen=True)
class Recipe:
    """All that makes an image."""

    build_id: str  # what the engine and `Engine.cancel` know the build by
    tag: str
    dockerfile: str  # its text
    labels: Mapping[str, str]
    arguments: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)  # the context, if there is no source
    source: Path | None = None  # a tar that `write_source` made
    no_cache: bool = False
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # for RUN --mount
    hidden: tuple[str, ...] = field(default=(), repr=False)  # **** in the output instead
    cache_scope: str = ""  # recipes of different scopes share no cache mount


@dataclass(frozen=True)
class Built:
    """What a build made."""

    image: str  # its id
    steps: tuple[Step, ...]


def build_image(
    engine: Engine,
    recipe: Recipe,
    report: Report,
    *,
    buildkit: bool = True,
    explain: Explain = unexplained,
) -> Built:
    """Build and tag an image.

    BuildFailed names the step that failed; its output has been reported by then.
    """
    if not buildkit:
        return _build(engine, recipe, report, explain, buildkit=False)
    try:
        return _build(engine, recipe, report, explain, buildkit=True)
    except EngineRefused as refusal:
        # The engine has no BuildKit, or something is wrong that the classic builder will say.
        report([f"Without BuildKit, so without cache mounts and secrets: {refusal}"])
        return _build(engine, recipe, report, explain, buildkit=False)


def _build(
    engine: Engine, recipe: Recipe, report: Report, explain: Explain, *, buildkit: bool
) -> Built:
    messages = _by_buildkit(engine, recipe) if buildkit else _by_classic(engine, recipe)
    progress = Progress(explain, mask_of(recipe.hidden))
    with closing(messages):  # whatever ends this: the build in the engine ends with it
        for message in messages:
            lines = [line for line in progress.read(message) if line]
            if lines:
                report(lines)
    if progress.failure:
        raise progress.failure
    if not progress.image:
        raise BuildFailed("Docker ended the build without naming an image; see its own log")
    return Built(progress.image, progress.steps)


def _by_buildkit(engine: Engine, recipe: Recipe) -> Generator[Mapping[str, Any], None, None]:
    with ExitStack() as stack:
        source = directory_of_files(recipe.files)
        if recipe.source:
            source = stack.enter_context(directory_of_tar(recipe.source))
        dockerfile = directory_of_files({_DOCKERFILE: recipe.dockerfile.encode()})
        repository = recipe.tag.rpartition(":")[0]
        offer = Offer({CONTEXT: source, DOCKERFILE: dockerfile}, repository, recipe.secrets)
        arguments = {**recipe.arguments, **cache_namespace(recipe.cache_scope)}
        yield from engine.build(_image_build(recipe, _DOCKERFILE, arguments), offer)


def _by_classic(engine: Engine, recipe: Recipe) -> Generator[Mapping[str, Any], None, None]:
    text = without_mounts(recipe.dockerfile)
    tar = context({DOCKERFILE_PATH: text.encode(), **recipe.files}, recipe.source)
    return engine.build_classic(_image_build(recipe, DOCKERFILE_PATH, recipe.arguments), tar)


def _image_build(recipe: Recipe, dockerfile: str, arguments: Mapping[str, str]) -> ImageBuild:
    return ImageBuild(
        recipe.build_id, recipe.tag, dockerfile, recipe.labels, arguments, recipe.no_cache
    )
