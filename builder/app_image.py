"""How an app's image comes about: reused, or built the way its buildpack says."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.bases.below import find_below
from builder.bases.footing import Footing, read_footing
from builder.bases.stack import Bases, ImageVanished
from builder.detection.detect import NoBuildpackMatched
from builder.detection.folders import all_buildpacks
from builder.detection.plan import Plan, make_plan
from builder.detection.procfile import read_processes
from builder.docker.engine import Image
from builder.docker.image import Recipe, build_image
from builder.source.archive import source_path
from builder.source.contents import Contents, read_contents
from releases.build import Build, BuildSettings
from releases.container import APP, INSTANCE
from releases.errors import PaasError
from releases.log import DeployLog
from releases.release import Artifact
from releases.settings import Settings

DEFAULT_PORT = 5000
_COMMIT = "paas.commit"
_BUILDPACK = "paas.buildpack"


class SourceGone(PaasError):
    """The stored source of a build is not there any more."""


@dataclass(frozen=True)
class AppImage:
    """What became of a build."""

    artifact: Artifact
    buildpack: str
    why: str  # this buildpack
    footing: Footing


def build_id(settings: Settings, build: Build) -> str:
    """What the engine knows a build by, so that another process can cancel it.

    Each attempt has its own: the first may still be ending when the second begins.
    """
    return f"paas-{settings.instance}-{build.app}-{build.number}-{build.attempt}"


def make_image(bases: Bases, build: Build, log: DeployLog, wishes: BuildSettings) -> AppImage:
    """The image of a commit, from the source that was stored for the build.

    The Procfile is read first: a mistake in it is told before anything is built.
    """
    settings = bases.settings
    contents = _read(source_path(settings.sources, build.app, build.number), wishes.dockerfile)
    processes = read_processes(contents.text("Procfile"))
    labels = {INSTANCE: settings.instance, APP: build.app, _COMMIT: build.commit}
    before = _find(bases, build, labels)
    image, why, footing = before, "built before", Footing()
    if image and build.options.reuses_image:
        log.step(f"Commit {build.commit[:7]} was built before, its image is used again")
    else:
        plan = _plan(contents, settings, log, wishes)
        why = plan.why
        image, footing = _build(bases, build, contents, plan, labels)
        if before and before.id != image.id:
            _keep(bases, before, build)
    port = image.ports[0] if image.ports else DEFAULT_PORT
    artifact = Artifact(
        image.id, build.commit, build.number, processes, port, reference=image.reference
    )
    footing = footing if footing.name else read_footing(image.labels)
    return AppImage(artifact, image.labels.get(_BUILDPACK, ""), why, footing)


def _read(path: Path, dockerfile: str) -> Contents:
    try:
        return read_contents(path, also=dockerfile)
    except FileNotFoundError as error:
        raise SourceGone("the stored source is gone; push again") from error


def _find(bases: Bases, build: Build, labels: Mapping[str, str]) -> Image | None:
    image = bases.images.find(build.tag)
    if image and labels.items() <= image.labels.items():
        return image
    return None  # also where something of that name is not ours


def _keep(bases: Bases, before: Image, build: Build) -> None:
    """Earlier releases run the image that had the tag: an image without a name is soon pruned."""
    bases.engine.tag(before.id, f"{build.tag}-before-{build.number}")


def _plan(contents: Contents, settings: Settings, log: DeployLog, wishes: BuildSettings) -> Plan:
    buildpacks = all_buildpacks(settings)
    log.error(*buildpacks.faults)
    try:
        plan = make_plan(contents, buildpacks.usable, wishes)
    except NoBuildpackMatched as error:
        log.step("No buildpack matched; looked for")
        log.detail(*error.looked_for, *error.near_misses)
        raise
    log.step(f"{plan.buildpack.title} app: {plan.why}")
    log.detail(*plan.notes)
    log.error(*plan.warnings)
    return plan


def _build(
    bases: Bases, build: Build, contents: Contents, plan: Plan, labels: Mapping[str, str]
) -> tuple[Image, Footing]:
    arguments, footing = find_below(bases, plan)
    recipe = Recipe(
        build_id=build_id(bases.settings, build),
        tag=build.tag,
        dockerfile=plan.dockerfile,
        labels={**labels, **footing.labels, _BUILDPACK: plan.buildpack.name},
        arguments=arguments,
        source=contents.tar,
        no_cache=build.options.no_cache,
        cache_scope=f"{bases.settings.instance}/{build.app}",
    )
    built = build_image(bases.engine, recipe, bases.report)
    if bases.engine.image(built.image) is None:
        raise ImageVanished(f"image {build.tag} was removed right after it was built; push again")
    return bases.images.share(build.tag), footing.completed(built.steps)
