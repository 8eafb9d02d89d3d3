"""`python -m builder` works off builds; `python -m builder prepare python` makes base images."""

import logging
import os
import sys
from collections.abc import Sequence

import builder.jobs  # noqa: F401 - loaded once here, not again in the process of every job
from builder.bases.stack import Bases
from builder.detection.manifest import Buildpack, read_buildpacks
from builder.docker.engine import Engine
from builder.limits.guard import why_unlimited
from releases.errors import BadInput, PaasError
from releases.platform import Platform
from releases.queue import BUILDS
from releases.settings import Settings


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop, or prepare and end; return the exit status."""
    logging.basicConfig(level=logging.WARNING)
    try:
        settings = Settings.from_env(os.environ)
        if not arguments:
            if reason := why_unlimited(settings):
                print(f"builds run without limits of memory, CPU and processes: {reason}")
            platform = Platform.open(settings)
            platform.queue.work(BUILDS, platform.store)
        elif arguments[0] == "prepare":
            _prepare(settings, arguments[1:])
        else:
            raise BadInput("usage: python -m builder [prepare [buildpack ...]]")
    except PaasError as error:
        print(f" !     {error}", file=sys.stderr)
        return error.exit_status
    return 0


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
