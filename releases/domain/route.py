"""What a route is: a host name, the web containers behind it, and what share each of them gets."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from releases.errors import BadInput

_HOST = re.compile(
    r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


DEFAULT_WEIGHT = 100
LARGEST_WEIGHT = 256  # HAProxy's
_WEIGHTS = range(1, LARGEST_WEIGHT + 1)


class BadDomain(BadInput):
    """A domain that cannot be routed."""


class BadShare(BadInput):
    """A share of the requests that no release can get."""


class BadWeights(BadInput):
    """Weights that cannot be used."""


@dataclass(frozen=True)
class Route:
    """One host of one app, as a `frontend:<host>` list has it: no backends means 503, not 404.

    `weights` is empty unless the backends get unequal shares of the requests (a canary); then a
    backend that is not in it has DEFAULT_WEIGHT.
    """

    host: str
    app: str
    backends: tuple[str, ...]  # "http://10.213.0.7:5000"
    weights: Mapping[str, int] = field(default_factory=dict, hash=False)  # backend -> 1 to 256


@dataclass(frozen=True)
class RouteChanges:
    """What a router reads: where the writer stands, and the hosts changed since it last asked.

    `routes[host] is None` is a host that is gone. An empty `epoch` means that Redis has no
    routes at all (it came back empty): keep what is loaded. `refused` has a line for each host
    whose weights could not be used; its route is there without them.
    """

    epoch: str
    version: int
    routes: Mapping[str, Route | None]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Router:
    """A router that rollouts wait for, and the version of the routes that it has confirmed."""

    name: str
    is_awake: bool  # it said so within the last seconds; one that is silent may still serve
    version: int


def check_domain(host: str) -> str:
    """Return the host in lower case, or raise BadDomain. `*.example.com` is a wildcard."""
    lowered = host.lower().rstrip(".")
    if len(lowered) > 253 or not _HOST.fullmatch(lowered):
        raise BadDomain(
            f"domain {host[:80]!r} cannot be used: a host name such as www.example.com or "
            "*.example.com, without http://, port or path"
        )
    return lowered


def shares(old: Sequence[str], new: Sequence[str], percent: float) -> Mapping[str, int]:
    """Weights with which the new backends together get so many percent of the requests.

    The nearest that whole numbers from 1 to 256 allow; of equally near ones the smallest. Empty
    where there is nobody to share with. BadShare unless 0 < percent < 100.
    """
    if not 0 < percent < 100:
        raise BadShare(f"a share of {percent:g} % is none; more than 0 and less than 100")
    if not old or not new:
        return {}
    wanted = percent / 100

    def distance(pair: tuple[int, int]) -> tuple[float, int]:
        olds, news = len(old) * pair[0], len(new) * pair[1]
        return round(abs(news / (olds + news) - wanted), 9), pair[0]

    of_old, of_new = min(map(_pair(len(old), len(new), wanted), _WEIGHTS), key=distance)
    return {**dict.fromkeys(old, of_old), **dict.fromkeys(new, of_new)}


def _pair(old: int, new: int, share: float) -> Callable[[int], tuple[int, int]]:
    """The best weight of a new backend beside a given one of an old one."""
    ratio = share * old / ((1 - share) * new)
    return lambda of_old: (of_old, min(LARGEST_WEIGHT, max(1, round(of_old * ratio))))


def weights_text(route: Route) -> str:
    """How weights are kept; equal weights are equal text, and none are none."""
    return json.dumps(dict(route.weights), sort_keys=True) if route.weights else ""


def read_weights(text: str, backends: Sequence[str]) -> Mapping[str, int]:
    """The opposite of `weights_text`, for backends of a route; BadWeights for anything else.

    Anyone may have written the text in Redis, and its numbers end up in HAProxy's configuration.
    """
    if not text:
        return {}
    try:
        weights = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadWeights(f"{text[:80]!r} is not JSON") from error
    if not isinstance(weights, dict):
        raise BadWeights(f"{text[:80]!r} does not name backends")
    for backend, weight in weights.items():
        if type(weight) is not int or weight not in _WEIGHTS:
            raise BadWeights(f"{str(weight)[:20]!r} is not a weight from 1 to {LARGEST_WEIGHT}")
        if backend not in backends:
            raise BadWeights(f"{backend[:80]!r} is none of its backends")
    return weights
