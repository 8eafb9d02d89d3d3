"""Whether what runs of an app is what should, and when one that rests is to be looked at again."""

from collections.abc import Mapping, Sequence

from releases.domain.app import App
from releases.domain.container import Container, Slot, slots
from releases.domain.crash import Crash


def is_amiss(
    app: App, containers: Sequence[Container], crashes: Mapping[Slot, Crash], now: float
) -> bool:
    """Whether a converge of what is live has something to do that it may do now."""
    if app.destroying:
        return False
    there = {one.slot: one for one in containers if not one.condemned}
    return any(_is_amiss(there.get(slot), crashes.get(slot), now) for slot in slots(app.live))


def _is_amiss(container: Container | None, crash: Crash | None, now: float) -> bool:
    if container and container.state == "restarting":  # it is Docker's own for now
        return False
    if container and container.state == "running" and not (crash and crash.is_down):
        return False
    return crash is None or not crash.rests(now)


def next_try(app: App, crashes: Mapping[Slot, Crash]) -> float | None:
    """Unix seconds at which the first process that is down is tried again."""
    wanted = slots(app.live)
    times = [crash.next_at for slot, crash in crashes.items() if slot in wanted and crash.is_down]
    return min(times, default=None)
