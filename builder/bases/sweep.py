"""When and how old stacks, runtimes and toolchains are removed from a host's Docker."""

import logging
import time
from collections.abc import Iterable
from pathlib import Path

from docker.errors import APIError

from builder.bases.old import Labelled, old_bases
from builder.bases.stack import DEFAULT_SUITE, Bases, suite_of
from builder.detection.folders import all_buildpacks
from builder.detection.manifest import Buildpack
from builder.docker.engine import Engine, EngineRefused
from releases.domain.build import BuildStatus
from releases.domain.container import INSTANCE
from releases.engine.images import names_of, remove_image, used_images
from releases.settings import Settings
from releases.store import Store

_EVERY_S = 3600.0
_logger = logging.getLogger(__name__)


def is_due(settings: Settings) -> bool:
    """True once an hour, for the process of a build that has ended.

    Not for a thread of the worker: a build's process that is forked meanwhile would inherit the
    lock on the making of images, and wait for itself.
    """
    try:
        if time.time() - _mark(settings).stat().st_mtime < _EVERY_S:
            return False
    except FileNotFoundError:
        pass  # it never was
    note_sweep(settings)
    return True


def note_sweep(settings: Settings) -> None:
    """It is not due again for an hour."""
    mark = _mark(settings)
    mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark.touch()


def _mark(settings: Settings) -> Path:
    return settings.home / "run" / "bases.swept"


def sweep(bases: Bases, store: Store) -> None:
    """Remove what no image stands on and none will, unless a build runs now.

    One that runs has perhaps looked up a name that is old since; one that begins while we hold
    the turn of those who make images looks up what is current to us too.
    """
    buildpacks = all_buildpacks(bases.settings)
    if buildpacks.faults or _is_building(store):
        return  # the runtimes of a buildpack that cannot be read for now are not old
    settings, engine = bases.settings, bases.engine
    with bases.turn():
        current = current_names(bases, buildpacks.usable)
        images = _labelled(engine)
        if _is_building(store):
            return
        for image in old_bases(images, current, settings.instance, settings.registry):
            _remove(bases, image)


def current_names(bases: Bases, buildpacks: Iterable[Buildpack]) -> set[str]:
    """What the next build or update looks up of the images that are there; nothing is made."""
    versions = [(one, version) for one in buildpacks for version in one.versions or ("",)]
    suites = {DEFAULT_SUITE, *(suite_of(*one) for one in versions)}
    names = {tag for suite in suites for tag in bases.suite(suite).tags}
    stacks = {}
    for suite in suites:
        found = (bases.engine.image(tag) for tag in bases.suite(suite).tags)
        base = next((image for image in found if image), None)
        if base:
            tag = bases.stack_layer(suite, base).tag
            names.add(tag)
            stacks[suite] = bases.engine.image(tag)
    for buildpack, version in versions:
        stack = stacks.get(suite_of(buildpack, version))
        if stack and buildpack.runtime:
            layer = bases.runtime_layer(buildpack, version, stack)
            names.add(layer.tag)
            runtime = bases.engine.image(layer.tag)
            if runtime and buildpack.toolchain:
                names.add(bases.toolchain_layer(buildpack, version, runtime).tag)
    return names


def _is_building(store: Store) -> bool:
    return BuildStatus.RUNNING in store.open_builds.all().values()


def _labelled(engine: Engine) -> list[Labelled]:
    try:
        items, used = engine.api.images(filters={"label": INSTANCE}), used_images(engine.api)
    except APIError as error:
        raise EngineRefused(f"cannot list images: {error.explanation}") from error
    return [
        Labelled(
            id=str(item["Id"]),
            names=tuple(name for name in names_of(item) if not name.startswith("<none>")),
            labels=item["Labels"],
            size_bytes=int(item["Size"]),
            in_use=item["Id"] in used,
        )
        for item in items
    ]


def _remove(bases: Bases, image: Labelled) -> None:
    name = image.names[0] if image.names else image.id
    try:
        is_gone = remove_image(bases.engine.api, image.id, image.names)
    except APIError as error:
        raise EngineRefused(f"cannot remove image {name}: {error.explanation}") from error
    if is_gone:
        line = f"Removed {name}, on which nothing stands any more ({image.size_bytes >> 20} MB)"
        _logger.info(line)
        bases.report([line])
