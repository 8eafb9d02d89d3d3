"""What of a connection goes into the event log: names and results, never what was typed."""

import logging

from gitreceive.rate import Rate
from releases.store.events import COMMAND, LOGIN, PUSH, REFUSED, EventLost, EventStore

_log = logging.getLogger(__name__)
_PER_STRANGER = 6  # lines a minute from one address


class Journal:
    """Writes events, also to the log of the process. An event log that is away stops nobody."""

    def __init__(self, events: EventStore) -> None:
        self._events = events
        self._strangers = Rate(_PER_STRANGER)

    def of(self, key: str, fingerprint: str, address: str) -> "Page":
        """For someone with a key."""
        return Page(self, key, fingerprint, address)

    def stranger(self, why: str, address: str, fingerprint: str = "") -> None:
        """Someone was not let in."""
        if self._strangers.take(address):
            self.add(REFUSED, why, "", fingerprint, address)

    def add(self, kind: str, text: str, key: str, fingerprint: str, address: str) -> None:
        """One line about anyone."""
        who = f"{key or 'stranger'} {fingerprint or '-'} {address or '-'}"
        _log.info("%s: %s: %r", who, kind, text)
        try:
            self._events.add(kind, text, key=key, fingerprint=fingerprint, address=address)
        except EventLost as error:
            _log.info("%s", error)


class Page:
    """What one client did."""

    def __init__(self, journal: Journal, key: str, fingerprint: str, address: str) -> None:
        self._journal = journal
        self._who = key, fingerprint, address

    def login(self) -> None:
        """The first call on a connection."""
        self._journal.add(LOGIN, "logged in", *self._who)

    def command(self, name: str) -> None:
        """`config:set of myapp`, `clone of myapp`: begun, however it ends."""
        self._journal.add(COMMAND, name, *self._who)

    def push(self, app: str, result: str) -> None:
        """`accepted: master is 3f9ac21`, `refused: the build failed`."""
        self._journal.add(PUSH, f"{app} {result}", *self._who)

    def refused(self, why: str) -> None:
        """It asked for what it may not have, or what there is not."""
        self._journal.add(REFUSED, why, *self._who)
