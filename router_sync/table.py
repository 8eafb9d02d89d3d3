"""What should be routed: the routes as this router knows them, by host and by app."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from ipaddress import AddressValueError, IPv4Address
from typing import Any

from releases.domain.app import BadAppName, check_app_name
from releases.domain.route import DEFAULT_WEIGHT, BadDomain, Route, RouteChanges, check_domain
from releases.errors import PaasError

_BACKEND = re.compile(r"http://([0-9.]+):([1-9][0-9]{0,4})/?")
_MAX_PORT = 65535


class BadRoute(PaasError):
    """A route in Redis cannot be used; it is left out."""


@dataclass(frozen=True)
class Wanted:
    """What one app needs: its hosts, and the addresses ("10.213.0.7:5000") behind all of them.

    `weights` by address, empty where all get equal shares.
    """

    hosts: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    weights: Mapping[str, int] = field(default_factory=dict, hash=False)

    def weight(self, address: str) -> int:
        """The address's weight among the others."""
        return self.weights.get(address, DEFAULT_WEIGHT)


@dataclass
class Table:
    """The routes at a version of an epoch. `version` is 0 where nothing was ever read."""

    epoch: str = ""
    version: int = 0
    routes: dict[str, Route] = field(default_factory=dict)
    rejected: list[str] = field(default_factory=list)  # one line each, for the log
    _hosts: dict[str, set[str]] = field(default_factory=dict)
    _addresses: frozenset[str] | None = None

    def __post_init__(self) -> None:
        routes, self.routes = self.routes, {}
        for route in routes.values():
            self._put(route.host, route)

    def merge(self, changes: RouteChanges) -> set[str]:
        """Take the changes in; return the apps that they concern."""
        concerned: set[str] = set()
        self.rejected += changes.refused
        for host, change in changes.routes.items():
            route = self._usable(host, change)
            before = self.routes.get(host)
            if route != before:
                concerned |= {each.app for each in (before, route) if each}
                self._put(host, route)
        self.epoch, self.version = changes.epoch, changes.version
        return concerned

    def wanted(self, app: str) -> Wanted:
        """What the app needs now; nothing if it has no host."""
        hosts = frozenset(self._hosts.get(app, ()))
        routes = [self.routes[host] for host in sorted(hosts)]
        return Wanted(hosts, frozenset(_addresses(routes)), _weights(routes))

    @property
    def apps(self) -> list[str]:
        """Apps with a host, sorted."""
        return sorted(self._hosts)

    @property
    def addresses(self) -> frozenset[str]:
        """Every address that some route names."""
        if self._addresses is None:
            self._addresses = frozenset(_addresses(self.routes.values()))
        return self._addresses

    def document(self) -> dict[str, object]:
        """The table as plain values, for a JSON file."""
        routes = [asdict(self.routes[host]) for host in sorted(self.routes)]
        return {"epoch": self.epoch, "version": self.version, "routes": routes}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "Table":
        """The opposite of `document`; KeyError, TypeError or ValueError for anything else."""
        listed: object = document["routes"]
        if not isinstance(listed, list):
            raise TypeError("routes is not a list")
        routes = [_from_plain(each) for each in listed]
        version = int(str(document["version"]))
        return cls(str(document["epoch"]), version, {route.host: route for route in routes})

    def _usable(self, host: str, route: Route | None) -> Route | None:
        try:
            return check_route(host, route) if route else None
        except BadRoute as error:
            self.rejected.append(str(error))
            return None

    def _put(self, host: str, route: Route | None) -> None:
        self._addresses = None
        before = self.routes.pop(host, None)
        if before:
            self._hosts[before.app].discard(host)
            if not self._hosts[before.app]:
                del self._hosts[before.app]
        if route:
            self.routes[host] = route
            self._hosts.setdefault(route.app, set()).add(host)


def check_route(host: str, route: Route) -> Route:
    """Return the route, or raise BadRoute.

    Anyone may have written the list in Redis, and its words end up in HAProxy's configuration.
    """
    try:
        if check_domain(host) != host:
            raise BadRoute(f"route of {host[:80]!r} left out: a host is written in lower case")
        check_app_name(route.app)
    except (BadDomain, BadAppName) as error:
        raise BadRoute(f"route of {host[:80]!r} left out: {error}") from error
    for backend in route.backends:
        if not _is_backend(backend):
            raise BadRoute(
                f"route of {host} left out: backend {backend[:80]!r} is not http://<IPv4>:<port>"
            )
    return route


def _is_backend(backend: str) -> bool:
    """Spelled as HAProxy spells it when asked, or every comparison would find a difference."""
    found = _BACKEND.fullmatch(backend)
    if not found or int(found[2]) > _MAX_PORT:
        return False
    try:
        return not IPv4Address(found[1]).is_unspecified  # 0.0.0.0 is "where the client went"
    except AddressValueError:
        return False


def _from_plain(route: Mapping[str, Any]) -> Route:
    made = Route(route["host"], route["app"], tuple(route["backends"]))
    weights = dict(route.get("weights", {}))
    return replace(made, weights={backend: int(weight) for backend, weight in weights.items()})


def _addresses(routes: Iterable[Route]) -> Iterable[str]:
    return (_address(backend) for route in routes for backend in route.backends)


def _weights(routes: Iterable[Route]) -> dict[str, int]:
    """Of all hosts together, as all of an app's hosts are served by one backend of HAProxy."""
    return {
        _address(backend): weight for route in routes for backend, weight in route.weights.items()
    }


def _address(backend: str) -> str:
    return backend.removeprefix("http://").rstrip("/")
