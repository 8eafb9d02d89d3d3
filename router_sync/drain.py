"""When a slot that takes no new requests has finished the ones it had."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from router_sync.worker import Slot, SlotState, Worker

IDLE_S = 0.1  # zero requests in flight now and this long before: done

SlotKey = tuple[int, str, str]  # pid, backend, slot


def leaving(workers: Iterable[Worker], current: int, wanted: frozenset[str]) -> dict[SlotKey, Slot]:
    """Slots whose requests must be waited for.

    A worker that was replaced cannot be told to drain a slot (2.6: "Proxy is disabled"), and
    need not be, as its new requests are handed over; so its slots leave once their address is
    not wanted any more.
    """
    return {
        (worker.pid, slot.backend, slot.name): slot
        for worker in workers
        for slot in worker.active.values()
        if (
            slot.state is SlotState.DRAINING
            if worker.pid == current
            else slot.address not in wanted
        )
    }


@dataclass
class Drain:
    """Remembers since when each leaving slot has been idle. Times are monotonic seconds."""

    _idle_since: dict[SlotKey, float] = field(default_factory=dict)

    def finished(
        self, slots: Mapping[SlotKey, Slot], counts: Mapping[SlotKey, int], now: float
    ) -> list[SlotKey]:
        """Leaving slots that have been idle in two looks, long enough apart."""
        idle = {key for key in slots if not counts.get(key, 0)}
        self._idle_since = {key: self._idle_since.get(key, now) for key in idle}
        return sorted(key for key in idle if now - self._idle_since[key] >= IDLE_S)


def in_flight(
    slots: Mapping[SlotKey, Slot], counts: Mapping[SlotKey, int], wanted: frozenset[str]
) -> dict[str, int]:
    """Requests in flight by address, for addresses that no route names any more.

    An address stays in until its slots have finished, with 1 where nothing was seen in flight:
    to whoever may stop the container, one look that saw nothing is not an end.
    """
    total: dict[str, int] = {}
    for key, slot in slots.items():
        if slot.address not in wanted:
            total[slot.address] = total.get(slot.address, 0) + counts.get(key, 0)
    return {address: max(1, count) for address, count in total.items()}
