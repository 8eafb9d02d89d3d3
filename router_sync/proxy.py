"""How HAProxy is brought to the table, whatever it has loaded and whichever workers it has."""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from releases.errors import PaasError
from router_sync import files, slots
from router_sync.counters import Counters
from router_sync.drain import Drain, SlotKey, in_flight, leaving
from router_sync.ledger import Ledger
from router_sync.reload import ReloadFailed, reload_haproxy
from router_sync.render import Layout
from router_sync.runtime import NO_SLOT, CommandRefused, Fleet, Runtime, WorkerGone
from router_sync.table import Table
from router_sync.worker import NOWHERE, Change, SlotChange, SlotState, Worker

_log = logging.getLogger("router_sync")


class FleetChanged(PaasError):
    """HAProxy was reloaded by someone else in the middle of a change."""


class Proxy:
    """HAProxy as this process knows it. What it knows is asked anew whenever in doubt."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._runtime = Runtime(layout.master_socket)
        self._workers: dict[int, Worker] = {}
        self._fleet: Fleet | None = None  # None: in doubt
        self._retired: set[int] = set()
        self._drain = Drain()
        self.ledger = Ledger()

    @property
    def current(self) -> int:
        """The pid of the worker that takes connections; 0 while in doubt."""
        return self._fleet.current if self._fleet else 0

    def doubt(self) -> None:
        """Compare everything at the next chance."""
        self._fleet = None

    def follow(self, table: Table, concerned: Iterable[str]) -> tuple[str, ...]:
        """Bring HAProxy to the table, where only the concerned apps' routes have changed.

        Return the apps for which there is no room without a reload; all else HAProxy has
        confirmed. NoHaproxy, CommandRefused, WorkerGone, FleetChanged: part of it may be in
        force; call again.
        """
        try:
            return self._follow(table, concerned)
        except (CommandRefused, WorkerGone, FleetChanged) as error:
            _log.warning("%s; comparing everything", error)
            self.doubt()
            return self._follow(table, ())

    def reload(self, table: Table) -> None:
        """Give every app its named backend and room, in a new worker.

        On return HAProxy has confirmed all of the table. ReloadFailed, or as for `follow`.
        """
        self._fleet = None
        try:
            files.save(self._layout, table)
        except OSError as error:
            raise ReloadFailed(f"HAProxy's files cannot be written: {error}") from error
        fleet = reload_haproxy(self._runtime, self._layout.config)
        self._adopt(fleet, anew=True)
        self._apply(fleet, slots.plan(self._workers[fleet.current], table).changes)
        _log.info("reloaded: worker %d has %d apps", fleet.current, len(table.apps))

    def sample(self, table: Table) -> dict[str, int]:
        """Requests in flight by address that has left the table and has not finished.

        Slots that have finished become free for their app again.
        """
        fleet = self._fleet
        if fleet is None:
            raise FleetChanged("HAProxy has to be compared first")
        slots_leaving = leaving(self._workers.values(), fleet.current, table.addresses)
        counts = self._runtime.in_flight({(pid, backend) for pid, backend, _ in slots_leaving})
        finished = self._drain.finished(slots_leaving, counts, time.monotonic())
        counters = self._runtime.counters({(pid, backend) for pid, backend, _ in finished})
        for key in finished:
            self.ledger.rest(key, slots_leaving[key].address, counters[key])
        for pid, worker in self._workers.items():
            ended = [slots_leaving.pop(key) for key in finished if key[0] == pid]
            rested = [SlotChange(replace(slot, state=SlotState.IDLE)) for slot in ended]
            if pid == fleet.current:
                self._apply(fleet, rested)
            else:
                worker.apply(rested)
        return in_flight(slots_leaving, counts, table.addresses)

    def count(self, apps: Iterable[str]) -> None:
        """Take the apps' requests, in all workers, into the ledger."""
        if self._fleet is None:
            raise FleetChanged("HAProxy has to be compared first")
        counted = set(apps)
        self._enter(
            self._workers,
            self._runtime.counters(
                {
                    (pid, backend)
                    for pid, worker in self._workers.items()
                    for app in counted
                    for backend in worker.owned.get(app, ())
                }
            ),
        )

    def _mark(self, worker: Worker) -> None:
        """Take into the ledger where idle slots stand that we did not see become idle."""
        unknown = {
            (worker.pid, backend)
            for backend, slots in worker.backends.items()
            for slot in slots.values()
            if slot.state is SlotState.IDLE
            and slot.address != NOWHERE
            and not self.ledger.is_marked((worker.pid, backend, slot.name))
        }
        self._enter({worker.pid: worker}, self._runtime.counters(unknown))

    def _enter(self, workers: Mapping[int, Worker], counters: Mapping[SlotKey, Counters]) -> None:
        for (pid, backend, name), stand in counters.items():
            slots = workers[pid].backends[backend]
            if name == NO_SLOT:
                ready = [one.address for one in slots.values() if one.state is SlotState.READY]
                self.ledger.count_unserved(pid, backend, min(ready, default=""), stand)
            elif slots[name].state is not SlotState.IDLE:
                key = (pid, backend, name)
                self.ledger.count(key, slots[name].address, stand)
            elif slots[name].address != NOWHERE:
                self.ledger.mark((pid, backend, name), stand)

    def is_cramped(self, table: Table) -> bool:
        """Whether a reload at a quiet moment would spare a later flip from waiting for one."""
        worker = self._workers.get(self.current)
        return worker is not None and slots.is_cramped(worker, table)

    def _follow(self, table: Table, concerned: Iterable[str]) -> tuple[str, ...]:
        fleet = self._runtime.fleet()
        everything = self._fleet is None or fleet.current != self._fleet.current
        if everything or fleet != self._fleet:
            self._adopt(fleet, anew=everything)
        worker = self._workers[fleet.current]
        plan = slots.plan(worker, table, None if everything else concerned)
        self._apply(fleet, plan.changes)
        return plan.short

    def _adopt(self, fleet: Fleet, *, anew: bool) -> None:
        """Know the workers there are, and have the old ones hand over."""
        self._fleet = None
        known = {pid: worker for pid, worker in self._workers.items() if pid in fleet.old}
        if not anew:
            known[fleet.current] = self._workers[fleet.current]
        for pid in (fleet.current, *fleet.old):
            if pid not in known:
                known[pid] = self._runtime.load(pid, self._layout.hosts_map)
        for pid in fleet.old:
            self._retire(pid)
        if anew:
            self._mark(known[fleet.current])
        self._workers = known
        self._fleet = fleet
        self.ledger.end_workers(known)

    def _retire(self, pid: int) -> None:
        if pid in self._retired:
            return
        try:
            self._runtime.tell(pid, [f"add map {self._layout.retired_map} retired yes"])
        except WorkerGone:
            return
        except CommandRefused as error:  # it runs a configuration that is not ours
            _log.warning("worker %d goes on with the routes it has: %s", pid, error)
        self._retired.add(pid)

    def _apply(self, fleet: Fleet, changes: Iterable[Change]) -> None:
        made = list(changes)
        if not made:
            return
        hosts_map = str(self._layout.hosts_map)
        commands = [line for change in made for line in change.commands(hosts_map)]
        self._fleet = None
        now = self._runtime.tell(fleet.current, commands)
        if now.current != fleet.current:
            raise FleetChanged("HAProxy was reloaded in the middle of a change")
        self._workers[fleet.current].apply(made)
        self._fleet = fleet
