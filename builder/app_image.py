"""How an app's image comes about: reused, or built the way its buildpack says."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.bases.stack import Bases, ImageVanished, suite_of
from builder.detection.detect import NoBuildpackMatched
from builder.detection.folders import all_buildpacks
from builder.detection.plan import Base, Plan, make_plan
from builder.detection.procfile import read_processes
from builder.docker.engine import Engine, Image
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


def build_id(settings: Settings, build: Build) -> str:
    """What the engine knows a build by, so that another process can cancel it.

    Each attempt has its own: the first may still be ending when the second begins.
    """
    return f"paas-{settings.instance}-{build.app}-{build.number}-{build.attempt}"


def make_image(
    engine: Engine, settings: Settings, build: Build, log: DeployLog, wishes: BuildSettings
) -> AppImage:
    """The image of a commit, from the source that was stored for the build.

    The Procfile is read first: a mistake in it is told before anything is built.
    """
    contents = _read(source_path(settings.sources, build.app, build.number), wishes.dockerfile)
    processes = read_processes(contents.text("Procfile"))
    labels = {INSTANCE: settings.instance, APP: build.app, _COMMIT: build.commit}
    before = _find(engine, build, labels)
    image, why = before, "built before"
    if image and build.options.reuses_image:
        log.step(f"Commit {build.commit[:7]} was built before, its image is used again")
    else:
        plan = _plan(contents, settings, log, wishes)
        why = plan.why
        bases = Bases(engine, settings, lambda lines: log.detail(*lines))
        image = _build(bases, build, contents, plan, labels)
        if before and before.id != image.id:
            _keep(engine, before, build)
    port = image.ports[0] if image.ports else DEFAULT_PORT
    artifact = Artifact(image.id, build.commit, build.number, processes, port)
    return AppImage(artifact, image.labels.get(_BUILDPACK, ""), why)


def _read(path: Path, dockerfile: str) -> Contents:
    try:
        return read_contents(path, also=dockerfile)
    except FileNotFoundError as error:
        raise SourceGone("the stored source is gone; push again") from error


def _find(engine: Engine, build: Build, labels: Mapping[str, str]) -> Image | None:
    image = engine.image(build.tag)
    if image and labels.items() <= image.labels.items():
        return image
    return None  # also where something of that name is not ours


def _keep(engine: Engine, before: Image, build: Build) -> None:
    """Earlier releases run the image that had the tag: an image without a name is soon pruned."""
    engine.tag(before.id, f"{build.tag}-before-{build.number}")


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


def _image(bases: Bases, base: Base) -> Image:
    make = bases.toolchain if base.kind == "toolchain" else bases.runtime
    return make(base.buildpack, base.version)


def _build(
    bases: Bases, build: Build, contents: Contents, plan: Plan, labels: Mapping[str, str]
) -> Image:
    arguments = {name: _image(bases, base).name for name, base in plan.bases.items()}
    if "STACK" in plan.declares:
        arguments["STACK"] = bases.stack(suite_of(plan.buildpack, plan.version)).name
    recipe = Recipe(
        build_id=build_id(bases.settings, build),
        tag=build.tag,
        dockerfile=plan.dockerfile,
        labels={**labels, _BUILDPACK: plan.buildpack.name},
        arguments=arguments,
        source=contents.tar,
        no_cache=build.options.no_cache,
        cache_scope=f"{bases.settings.instance}/{build.app}",
    )
    image = bases.engine.image(build_image(bases.engine, recipe, bases.report).image)
    if image is None:
        raise ImageVanished(f"image {build.tag} was removed right after it was built; push again")
    return image
