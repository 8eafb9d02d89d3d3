"""`python -m builder` works off builds; `python -m builder prepare python:3.13` makes bases."""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import builder.jobs  # noqa: F401 - loaded once here, not again in the process of every build
from builder.bases.stack import Bases
from builder.detection.folders import all_buildpacks
from builder.detection.manifest import Buildpack
from builder.docker.engine import Engine, EngineUnreachable
from builder.limits.guard import data_root_of, why_unlimited
from builder.queue.ready import PATIENCE_S, get_ready
from builder.queue.watch import start_watch
from releases.errors import BadInput, PaasError
from releases.platform import Platform
from releases.settings import Settings
from releases.upkeep.lost import settle
from releases.work.queue import BUILDS


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop, or prepare and end; return the exit status."""
    logging.basicConfig(level=logging.WARNING)
    try:
        settings = Settings.from_env(os.environ)
        if not arguments:
            work(settings)
        elif arguments[0] == "prepare":
            _prepare(settings, arguments[1:])
        else:
            raise BadInput("usage: python -m builder [prepare [buildpack[:version] ...]]")
    except PaasError as error:
        print(f" !     {error}", file=sys.stderr)
        return error.exit_status
    return 0


def work(settings: Settings) -> None:
    """Work off builds until told to stop, and look after those of workers that died."""
    if reason := why_unlimited(settings):
        print(f"builds run without limits of memory, CPU and processes: {reason}")
    all_buildpacks(settings)  # what is known here need not be found out by the process of each job
    with suppress(EngineUnreachable):
        data_root_of(Engine(settings.docker_host))
    start_watch(Platform.open(settings, PATIENCE_S))
    platform = Platform.open(settings, PATIENCE_S)
    platform.queue.work(BUILDS, lambda job: settle(platform, job), lambda: get_ready(os.environ))


def _prepare(settings: Settings, names: Sequence[str]) -> None:
    """Each name is a buildpack's, perhaps with a version; none: the stack alone."""
    found = {buildpack.name: buildpack for buildpack in all_buildpacks(settings).usable}
    wanted = [_named(found, name) for name in names]
    bases = Bases(Engine(settings.docker_host), settings, _print)
    if not wanted:
        bases.stack()
    for buildpack, version in wanted:
        if buildpack.toolchain:
            bases.toolchain(buildpack, version)
        elif buildpack.runtime:
            bases.runtime(buildpack, version)


def _named(found: dict[str, Buildpack], wanted: str) -> tuple[Buildpack, str]:
    name, _, version = wanted.partition(":")
    if name not in found:
        raise BadInput(f"no buildpack {name}; there are {', '.join(found)}")
    if version and version not in found[name].versions:
        known = ", ".join(found[name].versions) or "no versions to choose from"
        raise BadInput(f"buildpack {name} has no version {version}; it has {known}")
    return found[name], version


def _print(lines: list[str]) -> None:
    for line in lines:
        print(f"       {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
