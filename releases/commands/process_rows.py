"""What `ps` says of each process: how it is, why it ended, and when it is started again."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from releases.commands.table import timestamp
from releases.domain.app import App
from releases.domain.container import Container, Slot, slots
from releases.domain.crash import Crash
from releases.domain.desired import Desired
from releases.engine.protocol import Condition
from releases.upkeep.needed import sort

_ENDED = ("exited", "restarting", "dead")
# "Up 3 minutes (Paused)", "Exited (3) 2 minutes ago": the state stands beside it already
_DOCKERS_WORDS = re.compile(r"^(Up|Created|[A-Z]\w+ \(\d+\)) ?|( ago)?( \([^)]*\))?$")


@dataclass(frozen=True)
class Row:
    """One container, or a process that has none."""

    process: str
    release: str
    state: str
    since: str = ""
    address: str = ""
    restarts: int = 0
    reason: str = ""  # why it ended the last time
    next_at: float = 0.0  # Unix seconds, when the platform starts it again; 0: Docker does, or none

    def document(self) -> dict[str, object]:
        """For programs."""
        shown = {"process": self.process, "release": self.release, "state": self.state}
        shown |= {"since": self.since, "address": self.address}
        next_try = timestamp(self.next_at) if self.next_at else None
        return {
            **shown,
            "restarts": self.restarts,
            "reason": self.reason or None,
            "next_try": next_try,
        }

    def cells(self, now: float) -> list[str]:
        """For people."""
        lasts = _DOCKERS_WORDS.sub("", self.since)
        return [self.process, self.release, self.state, lasts, self.address, self._note(now)]

    def _note(self, now: float) -> str:
        parts = [self.reason] if self.reason else []
        if self.restarts:
            parts.append(f"{self.restarts} restart{'s' if self.restarts > 1 else ''}")
        if self.next_at:
            parts.append(f"next try in {max(0.0, self.next_at - now):.0f} s")
        return ", ".join(parts)


def process_rows(
    app: App,
    containers: Sequence[Container],
    conditions: Mapping[str, Condition],
    crashes: Mapping[Slot, Crash],
) -> list[Row]:
    """By process; those on their way out too, and those that should be there and are not."""
    found = [_row(app, one, conditions[one.id], crashes.get(one.slot)) for one in containers]
    there = {one.slot for one in containers if not one.condemned}
    for slot in _expected(app.live) - there:
        found.append(_absent(app, slot, crashes.get(slot)))
    return sorted(found, key=lambda row: (row.process, row.release))


def one_off_row(container: Container) -> Row:
    """A container of `run`: it is started by hand and never again."""
    return Row(
        container.slot.name,
        f"v{container.slot.release}",
        container.state,
        container.status,
        container.socket,
    )


def state(app: App, container: Container) -> str:
    """Docker's word, `retiring` for what nobody needs, `warm` for what a rollback would thaw."""
    found = sort(app, [container], now=time.time(), warm_s=math.inf)
    if found.cooling or found.frozen:
        return "warm"
    return "retiring" if found.leaving else container.state


def _row(app: App, container: Container, condition: Condition, crash: Crash | None) -> Row:
    shown = state(app, container)
    is_down = crash is not None and crash.is_down
    if shown in _ENDED or (is_down and shown == "running"):
        shown = "crashed"
    ended = crash.reason if crash else condition.reason if shown == "crashed" else ""
    if not ended and (condition.restarts or condition.out_of_memory):
        ended = condition.reason if condition.out_of_memory else "restarted by Docker"
    return Row(
        container.slot.name,
        f"v{container.slot.release}",
        shown,
        container.status,
        container.socket,
        condition.restarts + (crash.count if crash else 0),
        ended if shown in ("crashed", "running") else "",
        crash.next_at if crash else 0.0,
    )


def _absent(app: App, slot: Slot, crash: Crash | None) -> Row:
    if app.live and app.live.stopped:
        return Row(slot.name, f"v{slot.release}", "stopped")
    if crash is None:
        return Row(slot.name, f"v{slot.release}", "missing")
    return Row(
        slot.name,
        f"v{slot.release}",
        "crashed",
        restarts=crash.count,
        reason=crash.reason,
        next_at=crash.next_at,
    )


def _expected(live: Desired | None) -> frozenset[Slot]:
    """Every process of the formation, also of an app that is stopped."""
    return slots(replace(live, stopped=False) if live else None)
