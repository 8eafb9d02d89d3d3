"""Which requests belong to which address: slots are used again, and workers come and go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field

from releases.domain.traffic import Tally, Traffic
from router_sync.counters import Counters, since
from router_sync.drain import SlotKey

_UNSERVED = "-"  # begins what stands for the slot in the key of unserved requests
_OVER = ""  # the part of a tally that no living worker can add to


@dataclass
class _Routed:
    """An app's addresses now, and those before their last change: whose traffic is kept."""

    now: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()


@dataclass
class Ledger:
    """Traffic by address, since the address was routed; what changed waits to be reported.

    A slot's counters go on when it gets another address. They stand still while it is idle, so
    where they stood then (its mark) is where the next address begins, whenever that is read.
    """

    _marks: dict[SlotKey, Counters] = field(default_factory=dict)
    _running: dict[str, dict[SlotKey, Traffic]] = field(default_factory=dict)
    _over: dict[str, Traffic] = field(default_factory=dict)
    _apps: dict[str, _Routed] = field(default_factory=dict)
    _owner: dict[str, str] = field(default_factory=dict)  # address -> app; all that is kept
    _blamed: dict[tuple[int, str], str] = field(default_factory=dict)  # for unserved requests
    _new_tallies: set[str] = field(default_factory=set)  # addresses
    _new_marks: set[SlotKey] = field(default_factory=set)

    def recall(self, tallies: Mapping[str, Tally], marks: Mapping[str, Sequence[int]]) -> None:
        """Begin with what was reported before a restart."""
        for address, tally in tallies.items():
            routed = self._apps.setdefault(tally.app, _Routed())
            routed.now |= {address}
            self._owner[address] = tally.app
            self._over[address] = tally.parts.get(_OVER, Traffic())
            self._running[address] = {
                (int(pid), "", ""): part for pid, part in tally.parts.items() if pid != _OVER
            }
        for name, numbers in marks.items():
            pid, backend, slot = name.split()
            self._marks[int(pid), backend, slot] = Counters(*numbers)
            if slot.startswith(_UNSERVED):
                self._blamed[int(pid), backend] = slot.removeprefix(_UNSERVED)

    def route(self, app: str, addresses: frozenset[str]) -> None:
        """The app's addresses are these now. New ones begin at nothing."""
        routed = self._apps.setdefault(app, _Routed())
        if addresses != routed.now:
            gone = routed.before - routed.now - addresses
            self._forget(address for address in gone if self._owner.get(address) == app)
            self._forget(addresses - routed.now)
            self._owner |= dict.fromkeys(addresses, app)
            routed.now, routed.before = addresses, routed.now

    def drop(self, app: str) -> None:
        """The app is gone."""
        routed = self._apps.pop(app, _Routed())
        for address in routed.now | routed.before:
            if self._owner.get(address) == app:
                self._forget([address])

    @property
    def apps(self) -> list[str]:
        """Those that anything is known of."""
        return list(self._apps)

    def count(self, key: SlotKey, address: str, counters: Counters) -> None:
        """A slot that serves or drains an address stands here."""
        if address in self._owner:
            running = self._running.setdefault(address, {})
            recalled = running.pop((key[0], "", ""), None)  # from before a restart
            traffic = since(counters, self._marks.get(key, Counters()))
            if recalled or running.get(key) != traffic:
                self._new_tallies.add(address)
            running[key] = traffic

    def count_unserved(self, pid: int, backend: str, address: str, counters: Counters) -> None:
        """What no slot of a backend had, as none was up. One of its addresses is blamed for all.

        That is right in the sum over a release. After a flip it begins with the first look.
        """
        key, held = (pid, backend, f"{_UNSERVED}{address}"), self._blamed.get((pid, backend))
        if held is not None and held != address:
            before = (pid, backend, f"{_UNSERVED}{held}")
            self.rest(before, held, counters)
            self._unmark(before)
        if held != address:
            self.mark(key, counters if held is not None else Counters())
            self._blamed[pid, backend] = address
        self.count(key, address, counters)

    def rest(self, key: SlotKey, address: str, counters: Counters) -> None:
        """A slot has finished with an address: the next one begins here."""
        self.count(key, address, counters)
        if address in self._owner:
            self._settle(address, key)
        self.mark(key, counters)

    def mark(self, key: SlotKey, counters: Counters) -> None:
        """An idle slot stands here."""
        if self._marks.get(key) != counters:
            self._marks[key] = counters
            self._new_marks.add(key)

    def is_marked(self, key: SlotKey) -> bool:
        """Whether it is known where the slot stood when it was idle."""
        return key in self._marks

    def end_workers(self, living: Iterable[int]) -> None:
        """All other workers have ended; what was last seen of them stays."""
        pids = set(living)
        for address, running in self._running.items():
            for key in [key for key in running if key[0] not in pids]:
                self._settle(address, key)
        for key in [key for key in self._marks if key[0] not in pids]:
            self._unmark(key)
        self._blamed = {key: held for key, held in self._blamed.items() if key[0] in pids}

    def news(self) -> tuple[dict[str, Tally | None], dict[str, tuple[int, ...] | None]]:
        """What is to be reported: tallies by address, marks by slot; None for what is gone."""
        tallies = {address: self._tally(address) for address in self._new_tallies}
        marks = {
            f"{key[0]} {key[1]} {key[2]}": astuple(self._marks[key]) if key in self._marks else None
            for key in self._new_marks
        }
        return tallies, marks

    def reported(self) -> None:
        """The news have been reported."""
        self._new_tallies.clear()
        self._new_marks.clear()

    def report_all(self) -> None:
        """Nothing that was ever reported is known to be there still."""
        self._new_tallies |= set(self._owner)
        self._new_marks |= set(self._marks)

    def _tally(self, address: str) -> Tally | None:
        if address not in self._owner:
            return None
        parts = {_OVER: self._over.get(address, Traffic())}
        for (pid, _, _), traffic in self._running.get(address, {}).items():
            parts[str(pid)] = parts.get(str(pid), Traffic()) + traffic
        return Tally(self._owner[address], parts)

    def _settle(self, address: str, key: SlotKey) -> None:
        traffic = self._running[address].pop(key)
        self._over[address] = self._over.get(address, Traffic()) + traffic
        self._new_tallies.add(address)

    def _unmark(self, key: SlotKey) -> None:
        self._marks.pop(key, None)
        self._new_marks.add(key)

    def _forget(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            self._owner.pop(address, None)
            self._running.pop(address, None)
            self._over.pop(address, None)
            self._new_tallies.add(address)
