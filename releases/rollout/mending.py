"""How what is live is brought back: who ended is started again, at once or when its time comes."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from releases.domain.container import FROZEN, Container, Slot, slots
from releases.domain.crash import Crash, crashed
from releases.domain.desired import Desired
from releases.domain.release import Release
from releases.engine.protocol import EngineFailed
from releases.rollout.checks.checkup import USUAL, Checkup
from releases.rollout.health import LAST_LINES_ABOVE, UnhealthyRelease, wait_until_healthy
from releases.rollout.occupants import occupants
from releases.rollout.rollout import Rollout
from releases.store.events import PROCESS, EventLost

_PARALLEL = 8


@dataclass
class _Look:
    """One look at an app, and what it found."""

    rollout: Rollout
    release: Release
    checkup: Checkup
    now: float
    crashes: dict[Slot, Crash]
    sick: set[Slot] = field(default_factory=set)

    def note(self, slot: Slot, reason: str) -> None:
        """One more crash. It is said once: when the process does not come back at once."""
        had_rested = self._has_rested(slot)
        self.crashes[slot] = crashed(self.crashes.get(slot), reason, self.now)
        self.sick.add(slot)
        self.rollout.store.crashes.note(self.release.app, slot, self.crashes[slot])
        if self._has_rested(slot) and not had_rested:
            self._tell(f"{slot.name} of {self.release.app} crashed: {reason}")

    def rests(self, slot: Slot) -> bool:
        """Whether its next try is not due."""
        return slot in self.crashes and self.crashes[slot].rests(self.now)

    def say_sick(self, slot: Slot) -> None:
        """For whoever follows the log."""
        crash, log = self.crashes[slot], self.rollout.log
        log.error(
            f"{slot.name} is down ({crash.reason}), tried again in {crash.next_at - self.now:g} s"
        )

    def _has_rested(self, slot: Slot) -> bool:
        return slot in self.crashes and self.crashes[slot].is_loop

    def _tell(self, text: str) -> None:
        try:
            self.rollout.store.events.add(PROCESS, text, key="paas")
        except EventLost as error:  # it stops no repair
            self.rollout.log.error(str(error))


def mend(
    rollout: Rollout,
    release: Release,
    live: Desired,
    checkup: Checkup = USUAL,
    clock: Callable[[], float] = time.time,
) -> list[Container]:
    """Bring back each process that ended, unless it has to rest; return those that are healthy.

    One that cannot become healthy is noted with its reason and its next try, and raises nothing.
    """
    wanted = slots(live)
    known = rollout.store.crashes.of(release.app)
    look = _Look(
        rollout, release, checkup, clock(), {one: known[one] for one in wanted & known.keys()}
    )
    have = occupants(rollout.engine, release.app, wanted)
    healthy = _healthy(look, _running(look, have) + _start(look, live, have))
    for slot in sorted(look.sick, key=lambda slot: slot.name):
        look.say_sick(slot)
    return healthy


def _running(look: _Look, have: Sequence[Container]) -> list[Container]:
    """Those that run already; what Docker is restarting is its own, and looked at again."""
    for one in have:
        if one.state == "restarting" and not look.rests(one.slot):
            look.note(one.slot, look.rollout.engine.condition(one).reason)
    frozen = [one for one in have if one.state == FROZEN]
    look.rollout.say("Thawing", look.release, [one.slot for one in frozen])
    look.rollout.engine.thaw(frozen)
    return [one for one in have if one.state == "running"] + frozen


def _start(look: _Look, live: Desired, have: Sequence[Container]) -> list[Container]:
    """Start what is missing or ended, unless it has to rest; return what could be started."""
    engine = look.rollout.engine
    ended = [one for one in have if one.state not in ("running", "restarting", FROZEN)]
    for one in ended:
        crash = look.crashes.get(one.slot)
        if one.state != "created" and not (crash and crash.is_down):  # else it is known
            look.note(one.slot, engine.condition(one).reason)
    again = [one for one in ended if not look.rests(one.slot)]
    missing = [slot for slot in slots(live) - {one.slot for one in have} if not look.rests(slot)]
    missing.sort(key=lambda slot: slot.name)
    look.rollout.say("Starting", look.release, [*missing, *(one.slot for one in again)])
    look.sick -= {one.slot for one in again}
    started = [one for one in again if _starts_again(look, one)]
    return started + _start_new(look, live, missing)


def _start_new(look: _Look, live: Desired, missing: list[Slot]) -> list[Container]:
    """All at once, or one by one where Docker refuses one of them."""
    if not missing:
        return []
    try:
        look.rollout.engine.fetch_image(look.release.artifact, look.rollout.log.detail)
        return look.rollout.engine.start(look.release, missing, live.terms)
    except EngineFailed:
        return [one for slot in missing for one in _start_single(look, live, slot)]


def _start_single(look: _Look, live: Desired, slot: Slot) -> list[Container]:
    try:
        return look.rollout.engine.start(look.release, [slot], live.terms)
    except EngineFailed as error:
        look.note(slot, str(error))
        return []


def _starts_again(look: _Look, container: Container) -> bool:
    try:
        look.rollout.engine.start_again([container])
    except EngineFailed as error:
        look.note(container.slot, str(error))
        return False
    return True


def _healthy(look: _Look, running: Iterable[Container]) -> list[Container]:
    """Wait for each by itself, all at the same time."""
    found = list(running)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        reasons = list(pool.map(partial(_sickness, look), found))
    healthy = []
    for one, reason in zip(found, reasons, strict=True):
        crash = look.crashes.get(one.slot)
        if reason:
            look.note(one.slot, reason)
            continue
        healthy.append(one)
        if crash and crash.is_down:
            look.rollout.store.crashes.note(one.app, one.slot, crash.back(look.now))
    return healthy


def _sickness(look: _Look, container: Container) -> str:
    engine = look.rollout.engine
    try:
        wait_until_healthy(engine, [container], look.rollout.patience, look.checkup)
    except UnhealthyRelease as error:
        condition = engine.condition(container)
        said = str(error).removeprefix(f"{container.slot.name} ").removesuffix(LAST_LINES_ABOVE)
        return said if condition.running else condition.reason
    return ""
