"""How an app's image comes about: reused, or built the way its buildpack says."""

from dataclasses import replace
from pathlib import Path

from builder.bases.below import find_below
from builder.bases.footing import read_footing
from builder.bases.stack import Bases
from builder.detection.detect import NoBuildpackMatched
from builder.detection.folders import all_buildpacks
from builder.detection.plan import Plan, make_plan
from builder.detection.procfile import read_procfile
from builder.docker.engine import Image
from builder.docker.image import Recipe, build_image
from builder.docker.progress import BuildFailed
from builder.limits.guard import guarded
from builder.record.build_config import arguments, secrets
from builder.record.explain import Reasons
from builder.record.ingredients import is_cleared
from builder.record.known import Given, Ground, foretell, read_given
from builder.source.at_hand import source_at_hand
from builder.source.contents import Contents, read_contents
from releases.domain.app_json import FILE, SAYS_NOTHING, AppJson, parse_app_json
from releases.domain.build import Build, BuildSettings
from releases.domain.container import APP, INSTANCE
from releases.domain.release import Artifact
from releases.errors import PaasError
from releases.log import DeployLog
from releases.settings import Settings
from releases.store import Store

DEFAULT_PORT = 5000
_COMMIT = "paas.commit"
_BUILDPACK = "paas.buildpack"
_RECIPE = "paas.recipe"


class SourceGone(PaasError):
    """The stored source of a build is not there any more."""


def build_id(settings: Settings, build: Build) -> str:
    """What the engine knows a build by, so that another process can cancel it.

    Each attempt has its own: the first may still be ending when the second begins.
    """
    return f"paas-{settings.instance}-{build.app}-{build.number}-{build.attempt}"


def make_image(bases: Bases, store: Store, build: Build, log: DeployLog) -> Build:
    """Make the image of a commit from the source that was stored; return the record with it.

    The Procfile and app.json are read first: a mistake is told before anything is built.
    """
    with source_at_hand(bases.settings, build) as source:
        return _make_image(bases, store, build, log, source)


def _make_image(bases: Bases, store: Store, build: Build, log: DeployLog, source: Path) -> Build:
    given = read_given(store, build)
    contents = _read(source, given.settings.dockerfile)
    procfile, app_json = read_procfile(contents.text("Procfile")), _app_json(contents)
    before = image = _find(bases, build)
    if image and build.options.reuses_image:
        log.step(f"Commit {build.commit[:7]} was built before, its image is used again")
        record = _as_before(build, image)
    else:
        plan = _plan(contents, bases.settings, log, given.settings)
        with guarded(bases.engine, bases.settings):
            image, record = _build(bases, store, contents, plan, given)
        if before and before.id != image.id:
            _keep(bases, before, build)
    port = image.ports[0] if image.ports else DEFAULT_PORT
    artifact = Artifact(
        image.id,
        build.commit,
        build.number,
        procfile.processes,
        port,
        reference=image.reference,
        release_command=procfile.release,
        app_json=app_json,
    )
    return replace(record, artifact=artifact)


def _app_json(contents: Contents) -> AppJson:
    text = contents.text(FILE)
    return SAYS_NOTHING if text is None else parse_app_json(text)


def _as_before(build: Build, image: Image) -> Build:
    """What was known of the build that made the image is true of this one too."""
    record = read_footing(image.labels).written_to(build)
    return replace(
        record,
        buildpack=image.labels.get(_BUILDPACK, ""),
        why="built before",
        recipe=image.labels.get(_RECIPE, ""),
    )


def _read(path: Path, dockerfile: str) -> Contents:
    try:
        return read_contents(path, also=dockerfile)
    except FileNotFoundError as error:
        raise SourceGone("the stored source is gone; push again") from error


def _labels(settings: Settings, build: Build) -> dict[str, str]:
    return {INSTANCE: settings.instance, APP: build.app, _COMMIT: build.commit}


def _find(bases: Bases, build: Build) -> Image | None:
    image = bases.images.find(build.tag)
    labels = _labels(bases.settings, build)
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
    bases: Bases, store: Store, contents: Contents, plan: Plan, given: Given
) -> tuple[Image, Build]:
    ground = Ground(plan, *find_below(bases, plan))
    known = foretell(given, ground)
    store.builds.change(given.build, known)
    recipe = _recipe(bases.settings, contents.tar, given, ground, known)
    try:
        built = build_image(
            bases.engine, recipe, bases.report, explain=Reasons(given.before, known)
        )
    except BuildFailed as error:
        store.builds.change(known, replace(known, steps=error.steps))
        raise
    footing = ground.footing.completed(built.steps)
    record = replace(known, base_image=footing.image, steps=built.steps)
    return bases.images.share(known.tag), record


def _recipe(settings: Settings, source: Path, given: Given, ground: Ground, known: Build) -> Recipe:
    config, plan = given.config, ground.plan
    labels = {_BUILDPACK: known.buildpack, _RECIPE: known.recipe, **ground.footing.labels}
    given_arguments = arguments(config, plan.declares, of_app=ground.is_of_app)
    return Recipe(
        build_id=build_id(settings, known),
        tag=known.tag,
        dockerfile=plan.dockerfile,
        labels={**_labels(settings, known), **labels},
        arguments={**given_arguments, **ground.images},
        source=source,
        no_cache=known.options.no_cache or is_cleared(given.before, known),
        secrets=secrets(config),
        hidden=tuple(config.values.values()),
        cache_scope=f"{settings.instance}/{known.app}-{given.settings.caches}",
    )
