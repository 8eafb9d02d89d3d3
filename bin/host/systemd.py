"""How systemd is told of our units, asked about them, and made to stop them."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from host import units
from host.processes import Process
from releases.errors import PaasError

_RUNNING = Path("/run/systemd/system")


class SystemdFailed(PaasError):
    """systemctl refused."""


def rules() -> bool:
    """Whether systemd is what runs this machine."""
    return _RUNNING.is_dir()


def has_unit(name: str) -> bool:
    """Whether systemd knows a unit, running or not."""
    return "not-found" not in _systemctl("show", "--property=LoadState", "--value", name)


def start(name: str) -> None:
    """Start a unit that is not ours."""
    _systemctl("start", name)


class Systemd:
    """The units of one platform."""

    def __init__(self, instance: str, directory: Path = units.SYSTEM_UNITS) -> None:
        self._instance = instance
        self._directory = directory
        self.target = f"{instance}.target"

    def has_home(self, home: Path) -> bool:
        """Whether our units are installed, and run the platform with that home."""
        if not rules() or not (self._directory / self.target).is_file():
            return False
        mark = f'"PAAS_HOME={home}"'
        found = [
            service
            for pattern in units.patterns(self._instance)
            for service in self._directory.glob(pattern)
        ]
        return any(mark in service.read_text() for service in found)

    def write(self, processes: Iterable[Process]) -> list[str]:
        """Write the units; return the names of those that changed."""
        wanted = units.render(self._instance, processes)
        removed = units.remove_others(self._directory, self._instance, wanted)
        return [*units.write(self._directory, wanted), *removed]

    def run(self, processes: Iterable[Process]) -> list[str]:
        """Make systemd run the units as they are now; return the names of what had to change."""
        rows = list(processes)
        changed = self.write(rows)
        if changed:
            _systemctl("daemon-reload")
        running = [
            name
            for row in rows
            if units.unit_file(self._instance, row) in changed
            for name in units.unit_names(self._instance, row)
        ]
        if running:
            _systemctl("try-restart", *running)
        self._stop_others(rows)
        _systemctl("enable", "--now", self.target)
        return changed

    def _stop_others(self, rows: list[Process]) -> None:
        wanted = {name for row in rows for name in units.unit_names(self._instance, row)}
        listed = _systemctl(
            "list-units", "--plain", "--no-legend", "--full", *units.patterns(self._instance)
        )
        running = [line.split()[0] for line in listed.splitlines() if line.strip()]
        if surplus := [name for name in running if name not in wanted]:
            _systemctl("stop", *surplus)

    def pids(self, name: str) -> list[int]:
        """The running processes of one row of the table."""
        services = [f"{self._instance}-{name}.service", f"{self._instance}-{name}@*.service"]
        shown = _systemctl("show", "--property=MainPID", "--value", *services)
        return [int(word) for word in shown.split() if word != "0"]

    def given_up(self) -> list[str]:
        """Names of units that are not tried any more: none, systemd tries for ever."""
        return []

    def log_hint(self, name: str) -> str:
        """How to read what a row's processes said."""
        return f"journalctl -u '{self._instance}-{name}*'"

    def last_words(self, name: str) -> str:
        """Not known: the journal has them."""
        return ""

    def stop(self, timeout_s: float) -> bool:
        """Stop all units; False if nothing was running."""
        active = _systemctl("show", "--property=ActiveState", "--value", self.target)
        try:
            _systemctl("stop", self.target, *units.patterns(self._instance), timeout_s=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise SystemdFailed(
                f"systemd did not stop {self.target} within {timeout_s:.0f} s; "
                f"see: systemctl status '{self._instance}-*'"
            ) from error
        return active.strip() == "active"


def environ_of_systemctl() -> Mapping[str, str]:
    """Plain words, whatever the person's language is."""
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def _systemctl(*arguments: str, timeout_s: float = 120) -> str:
    done = subprocess.run(
        ["systemctl", "--no-pager", *arguments],
        env=environ_of_systemctl(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        reason = said[0] if said else f"exit status {done.returncode}"
        raise SystemdFailed(f"systemctl {' '.join(arguments[:2])}: {reason}")
    return done.stdout
