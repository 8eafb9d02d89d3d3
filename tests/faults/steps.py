"""The steps of a rollout and of a rollback, each by what is seen from outside when it was taken."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.faults.shown import Sight
from tests.faults.stage import FORMATION, SHOP

_PROCESSES = sum(FORMATION.values())


@dataclass(frozen=True)
class Step:
    """Reached when `times` sights of the daemon match, of those after the step `after`."""

    name: str
    source: str
    pattern: str
    times: int = 1
    after: "Step | None" = None

    def is_reached(self, sights: Sequence[Sight]) -> bool:
        """Given all that was seen so far."""
        return self.found_at(sights) is not None

    def found_at(self, sights: Sequence[Sight]) -> int | None:
        """The place behind the sight with which it was reached."""
        begin = self.after.found_at(sights) if self.after else 0
        if begin is None:
            return None
        left = self.times
        for place, sight in enumerate(sights[begin:], start=begin + 1):
            left -= sight.source == self.source and re.match(self.pattern, sight.text) is not None
            if not left:
                return place
        return None


LOCKED = Step("lock taken", "redis", rf"SET paas:app:{SHOP}:lock ")
WRITTEN = Step("release written", "redis", rf"HSET paas:app:{SHOP}:release:\d+ artifact ")
TARGET = Step("target written", "redis", rf"HSET paas:app:{SHOP} target ")
THAWED = Step("thawed", "docker", "unpause web")
CREATED = Step("container created", "docker", "create ")
STARTED = Step("container started", "docker", "start ")
ALL_STARTED = Step("all containers started", "docker", "start ", times=_PROCESSES)
FLIPPED = Step("flipped", "redis", rf"HSET paas:app:{SHOP} live ")
ACKNOWLEDGED = Step("acknowledged by the router", "redis", "HSET router:acks ", after=FLIPPED)
UNLOCKED = Step("lock let go", "redis", rf"DEL paas:app:{SHOP}:lock", after=ACKNOWLEDGED)
CONDEMNED = Step("old container condemned", "docker", "rename ")
REMOVED = Step("old container removed", "docker", "destroy ")
FROZEN = Step("old container frozen", "docker", "pause web", after=FLIPPED)

_TO_THE_FLIP = (LOCKED, WRITTEN, TARGET)
_AFTERWARDS = (FLIPPED, ACKNOWLEDGED, UNLOCKED, CONDEMNED, REMOVED, FROZEN)
_FROM_NOTHING = (CREATED, STARTED, ALL_STARTED)
STEPS: Mapping[str, Sequence[Step]] = {
    "deploy": (*_TO_THE_FLIP, *_FROM_NOTHING, *_AFTERWARDS),
    "warm rollback": (*_TO_THE_FLIP, THAWED, STARTED, *_AFTERWARDS),
    "cold rollback": (*_TO_THE_FLIP, *_FROM_NOTHING, *_AFTERWARDS),
}
