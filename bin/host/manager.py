"""What keeps the processes running, supervisord or systemd, and which of them is in charge."""

from collections.abc import Iterable
from typing import Protocol

from host.processes import Process
from host.supervisor import Supervisor
from host.systemd import Systemd
from releases.settings import Settings


class Manager(Protocol):
    """What `up` and `down` need of either."""

    def run(self, processes: Iterable[Process]) -> list[str]:
        """Make the processes be what the table says; return the names of what had to change."""

    def pids(self, name: str) -> list[int]:
        """The running processes of one row of the table."""

    def given_up(self) -> list[str]:
        """Names of processes that are not tried any more."""

    def log_hint(self, name: str) -> str:
        """Where a row's processes write, in words that can be typed."""

    def last_words(self, name: str) -> str:
        """The newest line that a row's processes wrote, if it is known."""

    def stop(self, timeout_s: float) -> bool:
        """Stop all; False if nothing was running."""


def in_charge(settings: Settings) -> Manager:
    """systemd where our units are installed, else our own supervisord."""
    systemd = Systemd(settings.instance)
    return systemd if systemd.has_home(settings.home) else Supervisor(settings.home)
