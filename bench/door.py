"""Our front door alone, in a process of its own: builds take no time, or are ended from outside.

python -m bench.door HOME REDIS_URL instant|held
"""

import sys
import threading
from pathlib import Path

from builder.source.objects import Objects
from gitreceive.__main__ import serve
from gitreceive.dispatch import CommandTable
from releases.domain.build import Build, BuildRequest
from releases.log import DeployLog
from releases.platform import Platform
from releases.settings import Settings


class Builds:
    """Stands where builder.request.request_build goes."""

    def __init__(self, held: bool) -> None:
        self._held = held

    def __call__(self, platform: Platform, request: BuildRequest, objects: Objects) -> Build:
        number = platform.store.builds.reserve(request.app)
        logs = platform.store.logs
        build, *_ = platform.store.builds.add(request, number, logs.new(request.app))
        if not self._held:
            log = DeployLog(logs, build.log)
            threading.Thread(target=log.succeed, args=("Deployed v1",), daemon=True).start()
        return build


def settings(home: Path, redis_url: str) -> Settings:
    """On a free port, and without limits on the one address that all the load comes from."""
    return Settings(
        home=home,
        redis_url=redis_url,
        ssh_port=0,
        connections_per_minute=0,
        pushes_per_minute=0,
    )


def main(home: str, redis_url: str, mode: str) -> int:
    """Serve until SIGTERM."""
    platform = Platform.open(settings(Path(home), redis_url))
    return serve(platform, CommandTable(), Builds(mode == "held"))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
