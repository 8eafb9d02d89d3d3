"""Runs a front door as a process of its own; builds are exported in earnest and then succeed."""

import os
import sys
import threading

import builder.commands
import releases.commands
import router_sync.commands
from builder.source.archive import source_path, write_source
from builder.source.objects import Objects
from gitreceive import commands
from gitreceive.__main__ import serve
from gitreceive.dispatch import CommandTable
from releases.domain.build import Build, BuildRequest
from releases.log import DeployLog
from releases.platform import Platform


def export(platform: Platform, request: BuildRequest, objects: Objects) -> Build:
    """Stands where builder.request.request_build goes: the tar is written, and nothing built."""
    number = platform.store.builds.reserve(request.app)
    path = source_path(platform.settings.sources, request.app, number)
    write_source(objects, request.commit, path)
    path.unlink()
    log = platform.store.logs.new(request.app)
    build, *_ = platform.store.builds.add(request, number, log)
    end = DeployLog(platform.store.logs, log).succeed
    threading.Thread(target=end, args=("Deployed",), daemon=True).start()
    return build


if __name__ == "__main__":
    table = CommandTable(
        releases.commands.COMMANDS,
        builder.commands.COMMANDS,
        router_sync.commands.COMMANDS,
        commands.COMMANDS,
    )
    sys.exit(serve(Platform.from_env(os.environ), table, export))
