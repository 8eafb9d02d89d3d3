"""Which connections want something just now, which have not yet, and which no longer."""

import threading
from collections import Counter

from gitreceive.doorway import Doorway, Visitor
from gitreceive.limits import Limits


class Presence:
    """Everyone who is connected. A busy connection stays; others have a time and a place.

    Whoever has not asked for anything yet waits in the doorway, which is narrow; whoever has
    been served and stays connected (OpenSSH's ControlPersist) waits apart from strangers.
    """

    def __init__(self, limits: Limits) -> None:
        self._door = Doorway(limits.login_s, limits.half_open, limits.half_open_per_address)
        self._idle = Doorway(limits.idle_s, limits.connections, limits.connections)
        self._calls: Counter[Visitor] = Counter()
        self._here: set[Visitor] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._here)

    def start(self) -> None:
        """Look at the time from now on."""
        for name, place in (("doorway", self._door), ("idle", self._idle)):
            threading.Thread(target=place.watch, name=name, daemon=True).start()

    def stop(self) -> None:
        """Hang up on everyone."""
        self._door.close()
        self._idle.close()
        with self._lock:
            everyone = list(self._here)
        for visitor in everyone:
            visitor.hang_up()

    def arrive(self, visitor: Visitor) -> None:
        """A new connection; another one may have to go for it."""
        with self._lock:
            self._here.add(visitor)
        self._door.enter(visitor)

    def begin_call(self, visitor: Visitor) -> None:
        """It asked for something."""
        with self._lock:
            self._calls[visitor] += 1
        self._door.leave(visitor)
        self._idle.leave(visitor)

    def end_call(self, visitor: Visitor) -> None:
        """It was served."""
        with self._lock:
            if visitor not in self._calls:  # the connection was over before
                return
            self._calls[visitor] -= 1
            is_idle = self._calls[visitor] == 0
            if is_idle:
                del self._calls[visitor]
        if is_idle:
            self._idle.enter(visitor)
            with self._lock:  # it may have gone, or asked for more, meanwhile
                stays = visitor in self._here and visitor not in self._calls
            if not stays:
                self._idle.leave(visitor)

    def depart(self, visitor: Visitor) -> None:
        """The connection is over."""
        with self._lock:
            self._here.discard(visitor)
            self._calls.pop(visitor, None)
        self._door.leave(visitor)
        self._idle.leave(visitor)
