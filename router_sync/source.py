"""Whether to believe what Redis says of the routes, or to keep those that are known."""

import logging
from collections.abc import Callable

from releases.domain.route import RouteChanges
from router_sync.table import Table

_log = logging.getLogger("router_sync")

ReadChanges = Callable[[int], RouteChanges]  # given a version: all that changed after it


class Source:
    """The table as Redis has it, and its standing there.

    It begins with the routes that were last known. They are Redis's only once it has been
    read: until then HAProxy may have newer ones and must be left alone.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.is_confirmed = False
        self.acknowledgeable = 0  # the version, or 0 where Redis knows of none
        self._said = ""

    def read(self, changes_since: ReadChanges) -> set[str] | None:
        """Take in what changed; return the apps concerned, None for all."""
        changes = changes_since(self.table.version if self.is_confirmed else 0)
        if not changes.epoch:
            self._keep("Redis has no routes; keeping")
            self.acknowledgeable = 0
            return set()
        if changes.epoch != self.table.epoch:
            self._replace(changes_since(0))
            return None
        if changes.version < self.table.version:
            self._keep("Redis has lost its newest routes; keeping")
            # Count on from where it stands, or its next changes would look like old ones.
            self.table.version = self.acknowledgeable = changes.version
            first, self.is_confirmed = not self.is_confirmed, True
            return None if first else set()
        if not self.is_confirmed:
            self._replace(changes)
            return None
        self._said = ""
        concerned = self.table.merge(changes)
        self._say_rejected()
        self.acknowledgeable = changes.version
        return concerned

    def _replace(self, everything: RouteChanges) -> None:
        """A new epoch, or our first look: what Redis does not list is gone."""
        self.table = Table()
        self.table.merge(everything)
        self._say_rejected()
        self._said = ""
        self.is_confirmed = True
        self.acknowledgeable = everything.version
        _log.info("Redis has %d hosts at version %d", len(self.table.routes), everything.version)

    def _keep(self, why: str) -> None:
        if why != self._said and self.table.routes:
            _log.warning("%s the %d known hosts", why, len(self.table.routes))
        self._said = why

    def _say_rejected(self) -> None:
        for line in self.table.rejected:
            _log.warning("%s", line)
        self.table.rejected.clear()
