"""The release manager's processes: `python -m releases` works off jobs, `converge` keeps order."""

import logging
import os
import signal
import sys
from typing import NoReturn

from releases import converger, jobs
from releases.docker_engine import connect
from releases.errors import PaasError
from releases.platform import Platform
from releases.queue import RELEASES


def main(arguments: list[str]) -> int:
    """Run one process until SIGTERM; return its exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        platform = Platform.from_env(os.environ)
        if arguments == ["converge"]:
            keep_converging(platform)
        elif not arguments:
            # Imported before the fork, the jobs' code is there at once in every work horse.
            logging.info("release worker, %d jobs known", len(vars(jobs)))
            platform.queue.work(RELEASES, platform.store)
        else:
            raise PaasError("usage: python -m releases [converge]")
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
