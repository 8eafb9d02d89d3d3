"""The release manager's processes: `python -m releases` works off jobs, `converge` keeps order."""

import logging
import os
import signal
import sys
from typing import NoReturn

import releases.jobs  # noqa: F401 - loaded once here, not again in the process of every job
from releases.engine.docker import connect
from releases.errors import BadInput, PaasError
from releases.platform import Platform
from releases.upkeep import loop as converger
from releases.upkeep.lost import settle
from releases.work.queue import RELEASES
from releases.work.ready import get_ready


def main(arguments: list[str]) -> int:
    """Run one process until SIGTERM; return its exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        platform = Platform.from_env(os.environ)
        if arguments == ["converge"]:
            keep_converging(platform)
        elif not arguments:
            platform.queue.work(
                RELEASES, lambda job: settle(platform, job), lambda: get_ready(os.environ)
            )
        else:
            raise BadInput("usage: python -m releases [converge]")
    except PaasError as error:
        sys.stderr.write(f" !     {error}\n")
        return error.exit_status
    return 0


def keep_converging(platform: Platform) -> NoReturn:
    """The converge loop; what SIGTERM interrupts is found again by the next one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    converger.run(platform, connect(platform.settings, platform.store))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
