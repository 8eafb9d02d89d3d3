"""What a route is: a host name and the addresses of the web containers behind it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from releases.errors import BadInput

_HOST = re.compile(
    r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


class BadDomain(BadInput):
    """A domain that cannot be routed."""


@dataclass(frozen=True)
class Route:
    """One host of one app, as a `frontend:<host>` list has it: no backends means 503, not 404."""

    host: str
    app: str
    backends: tuple[str, ...]  # "http://10.213.0.7:5000"


@dataclass(frozen=True)
class RouteChanges:
    """What a router reads: where the writer stands, and the hosts changed since it last asked.

    `routes[host] is None` is a host that is gone. An empty `epoch` means that Redis has no
    routes at all (it came back empty): keep what is loaded.
    """

    epoch: str
    version: int
    routes: Mapping[str, Route | None]


def check_domain(host: str) -> str:
    """Return the host in lower case, or raise BadDomain. `*.example.com` is a wildcard."""
    lowered = host.lower().rstrip(".")
    if len(lowered) > 253 or not _HOST.fullmatch(lowered):
        raise BadDomain(
            f"domain {host[:80]!r} cannot be used: a host name such as www.example.com or "
            "*.example.com, without http://, port or path"
        )
    return lowered
