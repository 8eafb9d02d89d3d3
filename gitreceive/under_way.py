"""Which pushes of an app are under way, and what the next one may do beside them."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from builder.source.objects import Objects
from gitreceive.push import PushRefused, RefCommand


@dataclass(frozen=True)
class UnderWay:
    """A push whose build was asked for, until its branch is moved or it is refused."""

    build: int  # its number
    log: str
    command: RefCommand
    title: str  # "alice's push of 3f9ac21"
    quarantine: Path | None  # where its objects are as long as it waits


class PushesUnderWay:
    """The pushes of each app to branches that deploy, within this process."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, list[UnderWay]] = defaultdict(list)
        self._gates: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    @contextmanager
    def gate(self, app: str) -> Iterator[list[UnderWay]]:
        """The app's list, to be read and changed: no other push passes meanwhile."""
        with self._lock:
            gate, line = self._gates[app], self._lines[app]
        with gate:
            yield line


def find_rivals(
    others: Sequence[UnderWay], command: RefCommand, objects: Objects
) -> list[UnderWay]:
    """Pushes to the same branch whose commits this one lacks: it can replace, not follow them.

    PushRefused where one of them has this commit in it: older code is not built after newer.
    """
    new = str(command.new)
    beside = [other for other in others if other.command.ref == command.ref]
    rivals = [other for other in beside if not objects.contains(new, str(other.command.new))]
    for rival in rivals:
        if replace(objects, beside=rival.quarantine).contains(str(rival.command.new), new):
            raise PushRefused(
                f"superseded by build {rival.build} ({rival.title}), which has this commit in it"
            )
    return rivals


def refuse_beside(rival: UnderWay) -> PushRefused:
    """Why a push cannot go on while its rival is being deployed."""
    return PushRefused(
        f"{rival.title} is being deployed and is not in yours; wait until it has ended, "
        "git fetch, merge, then push again"
    )
