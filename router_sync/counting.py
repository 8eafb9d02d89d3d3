"""Which apps' requests are counted when, and when Redis is told."""

import logging
import time

from releases.domain.traffic import COUNTED_EVERY_S
from releases.errors import PaasError
from releases.store import Store
from router_sync.proxy import Proxy
from router_sync.table import Table

_log = logging.getLogger("router_sync")


class Counting:
    """Off the path of every acknowledgement: whatever a flip needs of us can wait."""

    def __init__(self, store: Store, router: str, proxy: Proxy) -> None:
        self._store = store.traffic
        self._router = router
        self._proxy = proxy
        self._is_resumed = False
        self._changed: set[str] = set()  # apps whose routes have changed since they were counted
        self._watched: set[str] = set()
        self._due = 0.0

    def resume(self) -> None:
        """Once: go on where the process before ended. Before anything is asked of HAProxy."""
        if not self._is_resumed:
            self._proxy.ledger.recall(*self._store.reported(self._router))
            self._is_resumed = True

    def route(self, table: Table, concerned: set[str] | None) -> None:
        """Routes of these apps, or all (None), have changed."""
        ledger = self._proxy.ledger
        if concerned is None:
            ledger.report_all()
            concerned = {*table.apps, *ledger.apps}
            self._changed = set()
        else:
            self._changed |= concerned
        for app in concerned:
            wanted = table.wanted(app)
            ledger.route(app, wanted.addresses) if wanted.hosts else ledger.drop(app)

    def tend(self, *, is_busy: bool, is_woken: bool) -> None:
        """Count what is due and report it.

        An app is counted once soon after its routes changed: then the counts of the release
        before are there when a watch begins. While flips come in (`is_busy`) that waits.
        """
        now = time.monotonic()
        is_due = now >= self._due
        if not is_due and (is_busy or not (is_woken or self._changed)):
            return
        watched = self._store.watched(time.time())
        apps = self._changed | (watched if is_due else watched - self._watched)
        self._watched = watched
        if is_due:
            self._due = now + COUNTED_EVERY_S
        self._count(apps)
        self._report()

    def _count(self, apps: set[str]) -> None:
        try:
            self._proxy.count(apps)
        except PaasError as error:  # a worker that ended just now: the next look leaves it out
            _log.info("requests were not counted: %s", error)
            return
        self._changed -= apps

    def _report(self) -> None:
        tallies, marks = self._proxy.ledger.news()
        if tallies or marks:
            self._store.report(self._router, tallies, marks)
            self._proxy.ledger.reported()
