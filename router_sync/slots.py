"""Which slots an app's addresses go into, and which leave: the table against a worker.

Slots are only ever re-addressed, as HAProxy 2.6 crashes when servers are added and removed at
run time; and a backend never passes from one app to another within one worker's life.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from router_sync.table import Table, Wanted
from router_sync.worker import (
    Change,
    HostChange,
    Slot,
    SlotChange,
    SlotState,
    WeightChange,
    Worker,
    is_weighed,
)

SPARES = 32
WEIGHED_SPARES = 8  # canaries between two reloads
SLOTS = 8  # room for a flip of four while the four before drain
_ROOM = 2  # times the addresses: a named backend has room for a flip


def slots_for(addresses: int) -> int:
    """How many slots a backend is given at a reload."""
    return max(SLOTS, _ROOM * addresses + 2)


@dataclass(frozen=True)
class Plan:
    """What takes a worker to the table, and the apps for which it has no room."""

    changes: tuple[Change, ...]
    short: tuple[str, ...] = ()


def plan(worker: Worker, table: Table, concerned: Iterable[str] | None = None) -> Plan:
    """The changes that bring the concerned apps (None: all there is) of a worker to the table.

    New addresses come first, then hosts, then the old addresses drain: in this order no
    request meets a backend that is not ready.
    """
    apps = _all_apps(worker, table) if concerned is None else set(concerned)
    homes = _homes(worker, table, apps)
    fills: list[Change] = []
    drains: list[Change] = [] if concerned is not None else [*_strays(worker)]
    for app, home in homes.items():
        wanted = table.wanted(app)
        fills += _fills(worker, home, wanted)
        drains += _drains(worker, app, home, wanted.addresses)
    hosts = _hosts(worker, table, homes, apps)
    return Plan((*fills, *hosts, *drains), tuple(sorted(apps - set(homes))))


def is_cramped(worker: Worker, table: Table) -> bool:
    """Whether a reload at a quiet moment would spare a later flip from waiting for one."""
    if len(worker.unused_spares()) < SPARES // 2:
        return True
    if len(worker.unused_spares(weighed=True)) < WEIGHED_SPARES // 2:
        return True
    for app in table.apps:
        most = max((len(worker.backends[name]) for name in worker.owned.get(app, ())), default=0)
        if most < _ROOM * len(table.wanted(app).addresses):
            return True
    return False


def _all_apps(worker: Worker, table: Table) -> set[str]:
    return {*table.apps, *worker.owned, *worker.routed}


def _homes(worker: Worker, table: Table, apps: Iterable[str]) -> dict[str, str]:
    """The backend of each app; "" for an app that needs none. Apps without room are left out.

    An app with weights needs a backend that obeys them: HAProxy's leastconn takes no notice of
    weights while servers have nothing in flight (2.6, lb_fwlc.c), so a canary would get a full
    share wherever requests are few. Others share out by leastconn, where it can be had at once.
    """
    homes: dict[str, str] = {}
    spares = [*worker.unused_spares(), *worker.unused_spares(weighed=True)]
    for app in sorted(apps):
        wanted = table.wanted(app)
        home = _home_of_its_own(worker, app, wanted)
        if home is None and wanted.hosts:
            fit = (name for name in spares if _fits(worker, name, wanted))
            home = next(fit, None)
        elif home is None:
            home = ""
        if home is not None:
            homes[app] = home
            spares = [name for name in spares if name != home]
    return homes


def _fits(worker: Worker, spare: str, wanted: Wanted) -> bool:
    room = len(worker.backends[spare]) >= len(wanted.addresses)
    return room and is_weighed(spare) is bool(wanted.weights)


def _home_of_its_own(worker: Worker, app: str, wanted: Wanted) -> str | None:
    serving = {worker.hosts[host].partition("/")[0] for host in worker.routed.get(app, ())}
    needs_weights = bool(wanted.weights)
    owned = [name for name in worker.owned.get(app, ()) if is_weighed(name) or not needs_weights]
    owned.sort(key=lambda name: (is_weighed(name) is not needs_weights, name not in serving))
    for backend in owned:
        slots = worker.backends[backend].values()
        held = {slot.address for slot in slots if slot.state is not SlotState.IDLE}
        free = sum(slot.state is SlotState.IDLE for slot in slots)
        if len(wanted.addresses - held) <= free:
            return backend
    return None


def _fills(worker: Worker, home: str, wanted: Wanted) -> Iterator[Change]:
    """A weight comes before the address: the first request already meets the right one."""
    slots = worker.backends.get(home, {}).values()
    held = {slot.address: slot for slot in slots if slot.state is not SlotState.IDLE}
    free = iter([slot for slot in slots if slot.state is SlotState.IDLE])
    for address in sorted(wanted.addresses):
        slot = replace(held.get(address) or next(free), weight=wanted.weight(address))
        if slot.weight != worker.backends[home][slot.name].weight:
            yield WeightChange(replace(worker.backends[home][slot.name], weight=slot.weight))
        if slot.state is not SlotState.READY:
            yield SlotChange(replace(slot, address=address, state=SlotState.READY))


def _drains(worker: Worker, app: str, home: str, addresses: frozenset[str]) -> Iterator[SlotChange]:
    for backend in worker.owned.get(app, ()):
        kept = addresses if backend == home else frozenset()
        for slot in worker.backends[backend].values():
            if slot.state is SlotState.READY and slot.address not in kept:
                yield _drained(slot)


def _strays(worker: Worker) -> Iterator[SlotChange]:
    """Slots that were filled for an app whose hosts never followed: we died in between."""
    for slot in worker.active.values():
        if slot.backend not in worker.owners and slot.state is SlotState.READY:
            yield _drained(slot)


def _drained(slot: Slot) -> SlotChange:
    return SlotChange(replace(slot, state=SlotState.DRAINING))


def _hosts(
    worker: Worker, table: Table, homes: Mapping[str, str], apps: Iterable[str]
) -> Iterator[HostChange]:
    had = {host for app in apps for host in worker.routed.get(app, ())}
    shall = {host for app in homes for host in table.wanted(app).hosts}
    for host in sorted(had | shall):
        before = worker.hosts.get(host)
        route = table.routes.get(host)
        if route is None:
            yield HostChange(host, before, None)
        elif route.app in homes and before != f"{homes[route.app]}/{route.app}":
            yield HostChange(host, before, f"{homes[route.app]}/{route.app}")
