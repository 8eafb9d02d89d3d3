"""What traffic is: how many requests, how many failed, how long they took; and what is worse."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

COUNTED_EVERY_S = 1.0  # by the routers, for an app that is watched


@dataclass(frozen=True)
class Traffic:
    """Requests over some time, errors among them, and how long an answer took to begin.

    Errors are 5xx that the app or the connection to it caused. `latency_ms` is a mean over the
    requests; 0 without any.
    """

    requests: int = 0
    errors: int = 0
    latency_ms: float = 0.0

    def __add__(self, other: "Traffic") -> "Traffic":
        """Both together."""
        requests = self.requests + other.requests
        total_ms = self.requests * self.latency_ms + other.requests * other.latency_ms
        return Traffic(requests, self.errors + other.errors, total_ms / max(1, requests))

    def __sub__(self, earlier: "Traffic") -> "Traffic":
        """What came after an earlier count of the same; never less than nothing."""
        requests = max(0, self.requests - earlier.requests)
        errors = min(requests, max(0, self.errors - earlier.errors))
        total_ms = self.requests * self.latency_ms - earlier.requests * earlier.latency_ms
        return Traffic(requests, errors, max(0.0, total_ms / requests) if requests else 0.0)

    @property
    def error_percent(self) -> float:
        """0 without requests."""
        return 100 * self.errors / max(1, self.requests)


@dataclass(frozen=True)
class Tally:
    """What one router knows of one address: traffic by HAProxy worker, "" for what is over."""

    app: str
    parts: Mapping[str, Traffic]

    @property
    def total(self) -> Traffic:
        """All workers together."""
        return reduce(add, self.parts.values(), Traffic())


@dataclass(frozen=True)
class Thresholds:
    """What makes a release worse than the one before it.

    `errors` guards against chance in small samples: of 20 requests to a release that fails at
    1 %, two or more fail once in 60 watches, three or more once in 1,000.
    """

    requests: int = 20  # fewer say nothing, of either release
    errors: int = 3  # fewer are chance
    error_percent: float = 5.0  # and more than ...
    error_times: float = 2.0  # ... so many times that of before
    error_percent_alone: float = 50.0  # where there is nothing to compare with
    latency_times: float = 3.0  # and ...
    latency_more_ms: float = 200.0  # ... so much more than before


def verdict(
    before: Traffic, after: Traffic, thresholds: Thresholds, before_is: str = "before"
) -> str:
    """Say in one line why the release after is worse than the one before; "" if it is not.

    `before_is` names the release before in that line ("v4"). One that had fewer than
    `thresholds.requests` is nothing to compare with: then errors alone count, by a higher ratio.
    """
    if after.requests < thresholds.requests:
        return ""
    is_compared = before.requests >= thresholds.requests
    limit = max(thresholds.error_percent, thresholds.error_times * before.error_percent)
    if not is_compared:
        limit = thresholds.error_percent_alone
    if after.errors >= thresholds.errors and after.error_percent > limit:
        line = f"{_percent(after)} of {after.requests} requests failed"
        return f"{line} ({before_is}: {_percent(before)})" if is_compared else line
    if is_compared and _is_slower(before, after, thresholds):
        return f"answers take {after.latency_ms:.0f} ms ({before_is}: {before.latency_ms:.0f} ms)"
    return ""


def _is_slower(before: Traffic, after: Traffic, thresholds: Thresholds) -> bool:
    more = after.latency_ms > before.latency_ms + thresholds.latency_more_ms
    return more and after.latency_ms > thresholds.latency_times * before.latency_ms


def _percent(traffic: Traffic) -> str:
    """12 %, 5.3 %, 0.3 %."""
    percent = traffic.error_percent
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f}".removesuffix(".0") + " %"
