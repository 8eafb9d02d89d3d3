"""What one HAProxy worker has loaded, and how a change of it is said over the runtime API."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from releases.domain.route import DEFAULT_WEIGHT

NOWHERE = "192.0.2.1:1"  # RFC 5737: nobody's address, so a slot that has it was never used
NAMED = "app_"
SPARE = "spare_"
WEIGHED = ".weighed"  # ends the name of a backend that shares requests out by weight


class SlotState(StrEnum):
    """As `set server <slot> state` spells them."""

    READY = "ready"
    DRAINING = "drain"
    IDLE = "maint"


@dataclass(frozen=True)
class Slot:
    """One server line of one worker."""

    backend: str
    name: str
    address: str  # "10.213.0.7:5000"
    state: SlotState
    weight: int = DEFAULT_WEIGHT


@dataclass(frozen=True)
class WeightChange:
    """A slot with the weight that it shall have; all else of it stays."""

    slot: Slot

    def commands(self, hosts_map: str) -> list[str]:
        """For the runtime API. A weight outlives all changes of the address and the state."""
        return [f"set server {self.slot.backend}/{self.slot.name} weight {self.slot.weight}"]


@dataclass(frozen=True)
class SlotChange:
    """A slot as it shall be, but for its weight."""

    slot: Slot

    def commands(self, hosts_map: str) -> list[str]:
        """For the runtime API."""
        server = f"set server {self.slot.backend}/{self.slot.name}"
        state = f"{server} state {self.slot.state}"
        if self.slot.state is not SlotState.READY:
            return [state]
        ip, _, port = self.slot.address.rpartition(":")
        # Checked before it was published, so it need not wait for HAProxy's own first check.
        return [f"{server} addr {ip} port {port}", state, f"{server} health up"]


@dataclass(frozen=True)
class HostChange:
    """A host's entry in the map, before and after; None for no entry."""

    host: str
    before: str | None
    after: str | None  # "app_shop/shop": the backend, and the app for the access log

    def commands(self, hosts_map: str) -> list[str]:
        """For the runtime API."""
        if self.after is None:
            return [f"del map {hosts_map} {self.host}"]
        verb = "add" if self.before is None else "set"  # a second `add` would make a double
        return [f"{verb} map {hosts_map} {self.host} {self.after}"]


Change = SlotChange | WeightChange | HostChange


def is_weighed(backend: str) -> bool:
    """Whether the backend shares requests out by weight, and not by who has fewest in flight."""
    return backend.endswith(WEIGHED)


@dataclass
class Worker:
    """Kept in step by `apply`, so that a flip need not ask HAProxy what it has first."""

    pid: int
    hosts: dict[str, str] = field(default_factory=dict)  # host -> "app_shop/shop"
    backends: dict[str, dict[str, Slot]] = field(default_factory=dict)
    active: dict[tuple[str, str], Slot] = field(default_factory=dict)  # those not idle
    routed: dict[str, set[str]] = field(default_factory=dict)  # app -> its hosts in the map
    owners: dict[str, str] = field(default_factory=dict)  # backend -> app, for ever
    owned: dict[str, list[str]] = field(default_factory=dict)  # app -> its backends
    spares: list[str] = field(default_factory=list)

    @classmethod
    def loaded(cls, pid: int, slots: Iterable[Slot], hosts: Mapping[str, str]) -> "Worker":
        """From what HAProxy says of itself."""
        worker = cls(pid)
        for slot in slots:
            if slot.backend not in worker.backends:
                worker._add(slot.backend)
            worker._put(slot)
        for host, target in hosts.items():
            worker._route(host, target)
        return worker

    def apply(self, changes: Iterable[Change]) -> None:
        """HAProxy has confirmed these."""
        for change in changes:
            if isinstance(change, SlotChange | WeightChange):
                self._put(change.slot)
                continue
            before = self.hosts.pop(change.host, "")
            self.routed.get(before.partition("/")[2], set()).discard(change.host)
            if change.after:
                self._route(change.host, change.after)

    def unused_spares(self, *, weighed: bool = False) -> list[str]:
        """Spare backends of a kind that no app has ever had in this worker."""
        return [
            backend
            for backend in self.spares
            if is_weighed(backend) is weighed and self._is_unused(backend)
        ]

    def _is_unused(self, backend: str) -> bool:
        slots = self.backends[backend].values()
        return backend not in self.owners and all(slot.address == NOWHERE for slot in slots)

    def _add(self, backend: str) -> None:
        self.backends[backend] = {}
        if backend.startswith(NAMED):
            self._own(backend, backend.removeprefix(NAMED).removesuffix(WEIGHED))
        elif backend.startswith(SPARE):
            self.spares.append(backend)

    def _put(self, slot: Slot) -> None:
        self.backends[slot.backend][slot.name] = slot
        if slot.state is SlotState.IDLE:
            self.active.pop((slot.backend, slot.name), None)
        else:
            self.active[slot.backend, slot.name] = slot

    def _route(self, host: str, target: str) -> None:
        backend, _, app = target.partition("/")
        self.hosts[host] = target
        self.routed.setdefault(app, set()).add(host)
        if backend in self.backends:
            self._own(backend, app)

    def _own(self, backend: str, app: str) -> None:
        if backend not in self.owners:
            self.owners[backend] = app
            self.owned.setdefault(app, []).append(backend)
