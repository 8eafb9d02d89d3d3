"""`python -m builder` works off builds; `python -m builder prepare python` makes base images."""

import logging
import os
import sys
from collections.abc import Sequence

from builder.bases.stack import Bases
from builder.detection.manifest import Buildpack, read_buildpacks
from builder.docker.engine import Engine
from builder.jobs import PATIENCE_S
from builder.watch import start_watch
from releases.errors import BadInput, PaasError
from releases.lost import settle
from releases.platform import Platform
from releases.queue import BUILDS
from releases.settings import Settings


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
            raise BadInput("usage: python -m builder [prepare [buildpack ...]]")
    except PaasError as error:
        print(f" !     {error}", file=sys.stderr)
        return error.exit_status
    return 0


def work(settings: Settings) -> None:
    """Work off builds until told to stop, and look after those of workers that died."""
    start_watch(Platform.open(settings, PATIENCE_S))
    platform = Platform.open(settings, PATIENCE_S)
    platform.queue.work(BUILDS, lambda job: settle(platform, job))


def _prepare(settings: Settings, names: Sequence[str]) -> None:
    found = {buildpack.name: buildpack for buildpack in read_buildpacks(settings.buildpacks)}
    wanted = [_named(found, name) for name in names]
    bases = Bases(Engine(settings.docker_host), settings, _print)
    bases.stack()
    for buildpack in wanted:
        if buildpack.runtime:
            bases.runtime(buildpack)


def _named(found: dict[str, Buildpack], name: str) -> Buildpack:
    if name not in found:
        raise BadInput(f"no buildpack {name}; there are {', '.join(found)}")
    return found[name]


def _print(lines: list[str]) -> None:
    for line in lines:
        print(f"       {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
