"""What a canary is: a share of the requests for a new release, for how long, and who ends it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from releases.errors import BadInput

_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9])?)%?")
_DURATION = re.compile(r"([0-9]{1,5})(s|m|h|)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
LONGEST_CANARY_S = 24 * 3600


class BadCanary(BadInput):
    """A share or a time that a canary cannot have."""


class Word(StrEnum):
    """What a person may say of a canary that is under way."""

    PROMOTE = "promote"
    ABORT = "abort"


@dataclass(frozen=True)
class Said:
    """A word, and whose."""

    word: Word
    who: str


@dataclass(frozen=True)
class Canary:
    """A share of the requests in percent, the seconds that it lasts, and when that began."""

    percent: float
    lasts_s: int
    once: bool = False  # for the next release only
    began_at: float = 0.0  # Unix seconds; 0 before the routers have it

    @property
    def ends_at(self) -> float:
        """Unix seconds."""
        return self.began_at + self.lasts_s

    def __str__(self) -> str:
        return f"{self.percent:g} % of the requests for {self.lasts_s} s"


def parse_canary(percent: str, duration: str, *, once: bool = False) -> Canary:
    """`10%` and `60s` (or `5m`); BadCanary."""
    share, time = _PERCENT.fullmatch(percent), _DURATION.fullmatch(duration)
    if not share or not float(share[1]):
        raise BadCanary(f"share {percent[:20]!r} cannot be used: say for example 10%, below 100%")
    lasts_s = int(time[1]) * _UNITS[time[2]] if time else 0
    if not 0 < lasts_s <= LONGEST_CANARY_S:
        raise BadCanary(f"time {duration[:20]!r} cannot be used: say for example 60s, 5m or 2h")
    return Canary(float(share[1]), lasts_s, once)
