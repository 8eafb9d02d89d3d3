"""How HAProxy is started: with the last known routes, whether or not anything else runs."""

import os
import resource

from releases.errors import PaasError
from router_sync import files
from router_sync.reload import haproxy_program
from router_sync.render import Layout

_LONGEST_PATH = 90  # a socket's path may have 107 bytes, and HAProxy appends ".<pid>.tmp"


class PathTooLong(PaasError):
    """HAProxy's sockets cannot be made where the settings want them."""


def prepare(layout: Layout) -> list[str]:
    """Write the files from the last known routes and today's settings; return HAProxy's command."""
    longest = max(map(str, (layout.master_socket, layout.handover_socket)), key=len)
    if len(os.fsencode(longest)) > _LONGEST_PATH:
        raise PathTooLong(
            f"{longest} is too long for a socket; set haproxy_dir to a shorter directory"
        )
    files.save(layout, files.load(layout))
    master = f"{layout.master_socket},mode,600"
    return [haproxy_program(), "-W", "-db", "-S", master, "-f", str(layout.config)]


def become_haproxy(layout: Layout) -> None:
    """Replace this process by HAProxy; does not return."""
    command = prepare(layout)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each slot and connection takes one
    os.execv(command[0], command)  # noqa: S606 - a list, no shell
