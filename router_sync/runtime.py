"""How HAProxy is spoken to: the master's CLI, commands in, checked replies out."""

import csv
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from releases.errors import PaasError
from router_sync.counters import Counters, read_counters, read_unserved
from router_sync.worker import NAMED, SPARE, Slot, SlotState, Worker

_TIMEOUT_S = 10.0
_BATCH = 200  # commands per connection: their replies must fit the socket while we still write
_GOOD = ("IP changed from ", "no need to change the addr", "port changed from ")
NO_SLOT = ""
_LOST = "Can't find the target PID"
# srv_admin_state, HAProxy's management.txt 9.3. Not 0x04: it says that the configuration had the
# server disabled, and stays when it is made ready.
_IN_MAINTENANCE = 0x01 | 0x02 | 0x20 | 0x40
_DRAINING = 0x08 | 0x10


class NoHaproxy(PaasError):
    """HAProxy cannot be reached, or broke off."""


class CommandRefused(PaasError):
    """HAProxy did not do as it was told."""


class WorkerGone(PaasError):
    """The worker has ended."""


@dataclass(frozen=True)
class Fleet:
    """HAProxy's processes: the worker that takes connections, and those that only finish theirs."""

    current: int
    old: tuple[int, ...]
    failed_reloads: int


class Runtime:
    """One HAProxy, by its master's socket.

    Every command names its worker's pid: after a reload or a restart, a command meant for the
    worker before fails instead of reaching the wrong one.
    """

    def __init__(self, master_socket: Path) -> None:
        self._socket = str(master_socket)

    def fleet(self) -> Fleet:
        """The workers there are; NoHaproxy."""
        return _fleet(self._exchange(["show proc"])[0])

    def tell(self, pid: int, commands: Sequence[str]) -> Fleet:
        """Have a worker carry out commands; return the workers there were when it had.

        CommandRefused or WorkerGone: some of the commands may have been carried out.
        """
        for start in range(0, len(commands), _BATCH):
            batch = commands[start : start + _BATCH]
            replies = self._exchange([f"@!{pid} {command}" for command in batch])
            for command, reply in zip(batch, replies, strict=True):
                _check(command, reply)
        return self.fleet()

    def load(self, pid: int, hosts_map: Path) -> Worker:
        """Ask a worker what it has."""
        servers, hosts = self._exchange(
            [f"@!{pid} show servers state", f"@!{pid} show map {hosts_map}"]
        )
        entries = [line.split() for line in hosts]
        return Worker.loaded(pid, _slots(servers), {entry[1]: entry[2] for entry in entries})

    def in_flight(self, backends: Iterable[tuple[int, str]]) -> dict[tuple[int, str, str], int]:
        """Requests in flight by (pid, backend, slot), for the backends asked for."""
        return {
            (pid, backend, row["svname"]): int(row["scur"]) + int(row["qcur"])
            for pid, backend, rows in self._statistics(backends)
            for row in rows[:-1]
        }

    def counters(self, backends: Iterable[tuple[int, str]]) -> dict[tuple[int, str, str], Counters]:
        """What HAProxy has counted, by (pid, backend, slot), for the backends asked for.

        What no slot of a backend had, as none was up, stands at NO_SLOT.
        """
        found: dict[tuple[int, str, str], Counters] = {}
        for pid, backend, (*servers, whole) in self._statistics(backends):
            for slot, counters in read_counters(servers, whole).items():
                found[pid, backend, slot] = counters
            found[pid, backend, NO_SLOT] = read_unserved(servers, whole)
        return found

    def _statistics(
        self, backends: Iterable[tuple[int, str]]
    ) -> Iterator[tuple[int, str, list[dict[str, str]]]]:
        """The lines of every backend asked for: its servers, and at the end itself."""
        asked = sorted(backends)
        if not asked:
            return
        replies = self._exchange([f"@!{pid} show stat {backend} 6 -1" for pid, backend in asked])
        for (pid, backend), lines in zip(asked, replies, strict=True):
            yield pid, backend, list(csv.DictReader(lines))

    def reload(self) -> None:
        """Have the master load the configuration into a new worker; it goes on by itself."""
        self._send(["reload"])

    def _exchange(self, commands: Sequence[str]) -> list[list[str]]:
        """The lines of the reply to each command."""
        text = self._send(commands)
        if _LOST in text:
            raise WorkerGone("the HAProxy worker ended in the middle of a change")
        replies: list[list[str]] = [[]]
        for line in text.split("\n")[:-1]:
            if line:
                replies[-1].append(line)
            else:  # 2.6 ends every reply with an empty line, and has none within
                replies.append([])
        if len(replies) != len(commands) + 1:
            raise NoHaproxy("HAProxy broke off in the middle of its reply")
        return replies[:-1]

    def _send(self, commands: Sequence[str]) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_TIMEOUT_S)
                connection.connect(self._socket)
                connection.sendall("".join(f"{command}\n" for command in commands).encode())
                connection.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        except OSError as error:
            raise NoHaproxy(f"HAProxy does not answer on {self._socket}: {error}") from error


def _check(command: str, reply: Sequence[str]) -> None:
    if all(line.startswith(_GOOD) for line in reply):
        return
    raise CommandRefused(f"HAProxy refused `{command}`: {' '.join(reply)}")


def _fleet(lines: Iterable[str]) -> Fleet:
    section = ""
    pids: dict[str, list[int]] = {}
    failed = 0
    for line in lines:
        if line.startswith("#"):
            section = line.strip("# ")
            continue
        words = line.split()
        if words[1] == "master":
            failed = int(words[4].rstrip("]"))
        else:
            pids.setdefault(section, []).append(int(words[0]))
    workers = pids.get("workers", [])
    if not workers:
        raise NoHaproxy("HAProxy has no worker yet")
    return Fleet(workers[0], tuple(pids.get("old workers", ())), failed)


def _slots(lines: Sequence[str]) -> Iterator[Slot]:
    _, header, *servers = lines
    names = header.split()[1:]
    for server in servers:
        row = dict(zip(names, server.split(), strict=False))
        if row["be_name"].startswith((NAMED, SPARE)):
            address = f"{row['srv_addr']}:{row['srv_port']}"
            state, weight = _state(row["srv_admin_state"]), int(row["srv_uweight"])
            yield Slot(row["be_name"], row["srv_name"], address, state, weight)


def _state(admin_state: str) -> SlotState:
    if int(admin_state) & _IN_MAINTENANCE:
        return SlotState.IDLE
    return SlotState.DRAINING if int(admin_state) & _DRAINING else SlotState.READY
