"""Whether a port is free for us, and if not, who has it."""

import errno
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host import process_list
from releases.errors import PaasError

_LISTEN = "0A"


class PortUnavailable(PaasError):
    """The platform cannot listen where it is set to."""


@dataclass(frozen=True)
class Port:
    """An address that the platform is to listen on, and the setting that changes its number."""

    address: str
    number: int
    setting: str  # "ssh_port"

    def check(self, is_ours: Callable[[int], bool]) -> None:
        """Raise PortUnavailable unless the port is free, or a process of ours has it."""
        failure = self._try()
        if failure is None:
            return
        holders = _holders(self.number) if failure == errno.EADDRINUSE else []
        if not any(is_ours(pid) for pid in holders):
            raise PortUnavailable(self.explain(failure, holders))

    def explain(self, failure: int, holders: list[int]) -> str:
        """One line: what is in the way and what to do."""
        variable = f"PAAS_{self.setting.upper()}"
        another = self.number + 1 if self.number > 1023 else self.number + 8000
        if failure == errno.EADDRINUSE:
            who = " and ".join(f"{process_list.name(pid)} (pid {pid})" for pid in holders)
            return (
                f"port {self.number} is in use by {who or 'a process of another user'}; "
                f"stop it, or choose another port: {variable}={another} ./bin/up"
            )
        if failure == errno.EACCES:
            return (
                f"port {self.number} is for root only; run ./bin/up as root, "
                f"or choose another port: {variable}={another} ./bin/up"
            )
        return (
            f"cannot listen on {self.address} port {self.number}: {os.strerror(failure)}; "
            "setting bind (PAAS_BIND) must be an address of this machine"
        )

    def _try(self) -> int | None:
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind((self.address, self.number))
                attempt.listen()
            except socket.gaierror:
                return errno.EADDRNOTAVAIL
            except OSError as error:
                return error.errno or errno.EADDRNOTAVAIL
        return None


def _holders(port: int) -> list[int]:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    inodes: set[str] = set()
    for table in tables:
        if table.exists():
            inodes |= listening_inodes(table.read_text(), port)
    links = {f"socket:[{inode}]" for inode in inodes}
    return sorted(pid for pid in process_list.pids() if links & _open_files(pid))


def listening_inodes(table: str, port: int) -> set[str]:
    """The sockets that listen on a port, in the words of /proc/net/tcp."""
    rows = [line.split() for line in table.splitlines()[1:]]
    wanted = f"{port:04X}"
    return {row[9] for row in rows if row[3] == _LISTEN and row[1].endswith(f":{wanted}")}


def _open_files(pid: int) -> set[str]:
    found = set()
    try:
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            found.add(str(Path(descriptor.path).readlink()))
    except OSError:
        return found  # another user's, or it ended while we looked
    return found
