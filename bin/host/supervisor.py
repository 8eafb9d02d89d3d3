"""How our supervisord is started, told of a changed table, asked, and stopped."""

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport  # type: ignore[import-untyped]  # 4.3: no types

from host import process_list, supervisor_conf, waiting
from host.processes import PATH, STOPS_LAST, Process
from releases.errors import PaasError

_START_S = 20
_STOPPED_STATES = ("STOPPED", "EXITED", "FATAL")


class NoSupervisor(PaasError):
    """supervisord does not start or stop."""


@dataclass(frozen=True)
class ProcessState:
    """One process as supervisord sees it."""

    name: str
    state: str  # RUNNING, BACKOFF, FATAL, ...
    pid: int
    reason: str


class Supervisor:
    """The supervisord of one home: in its own session, with pid file and log."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._conf = home / "run" / "supervisord.conf"
        self._pid_file = home / "run" / "supervisord.pid"
        self._socket = home / "run" / "supervisor.sock"

    @property
    def pid(self) -> int | None:
        """The running supervisord, if there is one."""
        return process_list.running(self._pid_file, str(self._conf))

    def run(self, processes: Iterable[Process]) -> list[str]:
        """Make the processes be what the table says; return the names of what had to change.

        A running supervisord restarts only the rows that differ. Where it was killed, what it
        left behind is ended first: nothing would restart those processes any more.
        """
        text = supervisor_conf.render(self._home, processes)
        self._write(text)
        if self.pid is None:
            waiting.end(process_list.ours(self._home), grace_s=10)
            self._start()
            return [state.name for state in self.states()]
        return self._update()

    def states(self) -> list[ProcessState]:
        """Every process that is supervised."""
        return [
            ProcessState(found["name"], found["statename"], found["pid"], found["spawnerr"])
            for found in self._ask().getAllProcessInfo()
        ]

    def pids(self, name: str) -> list[int]:
        """The running processes of one row of the table."""
        return [
            found["pid"]
            for found in self._ask().getAllProcessInfo()
            if found["group"] == name and found["pid"]
        ]

    def given_up(self) -> list[str]:
        """Names of processes that are not tried any more."""
        return [state.name for state in self.states() if state.state == "FATAL"]

    def log_hint(self, name: str) -> str:
        """How to read what a row's processes said."""
        return f"tail {self._home}/log/{name}*.log"

    def last_words(self, name: str) -> str:
        """The newest line that a row's processes wrote."""
        logs = list((self._home / "log").glob(f"{name}*.log"))
        if not logs:
            return ""
        newest = max(logs, key=lambda log: log.stat().st_mtime)
        lines = newest.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def stop(self, timeout_s: float) -> bool:
        """Stop all, Redis last; False if nothing was running."""
        pid = self.pid
        if pid is not None:
            self._stop_processes(timeout_s)
            waiting.end([pid], timeout_s)
        left = process_list.ours(self._home)
        waiting.end(left, grace_s=10)
        self._pid_file.unlink(missing_ok=True)
        return pid is not None or bool(left)

    def _stop_processes(self, timeout_s: float) -> None:
        # Left to itself supervisord takes a second and more per row, one after the other.
        try:
            found = self._ask().getAllProcessInfo()
            self._stop_and_wait([one for one in found if one["group"] != STOPS_LAST], timeout_s)
            self._stop_and_wait([one for one in found if one["group"] == STOPS_LAST], timeout_s)
        except (OSError, xmlrpc.client.Error):
            return  # it hears no more; signals will do

    def _stop_and_wait(self, found: list[dict[str, Any]], timeout_s: float) -> None:
        server, deadline = self._ask(), time.monotonic() + timeout_s
        for one in found:
            if one["statename"] not in _STOPPED_STATES:
                server.stopProcess(f"{one['group']}:{one['name']}", False)
        for one in found:
            if one["pid"]:
                waiting.wait_for_end(one["pid"], deadline - time.monotonic())

    def _write(self, text: str) -> None:
        fresh = self._conf.with_suffix(".new")
        fresh.touch(mode=0o600)  # a Redis URL may hold a password
        fresh.write_text(text)
        fresh.replace(self._conf)

    def _start(self) -> None:
        complaints = self._home / "log" / "supervisord.err"
        with complaints.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._conf)],
                env=_environ(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if not waiting.until(self._answers, _START_S, process.pid):
            waiting.end([process.pid], grace_s=5)
            said = complaints.read_text(errors="replace").strip().splitlines()
            reason = said[-1] if said else "it said nothing"
            raise NoSupervisor(f"supervisord does not start: {reason}; see {self._home}/log")

    def _answers(self) -> bool:
        try:
            return bool(self._ask().getState()["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def _update(self) -> list[str]:
        server = self._ask()
        added, changed, removed = server.reloadConfig()[0]
        for name in [*removed, *changed]:
            server.stopProcessGroup(name)
            server.removeProcessGroup(name)
        for name in [*changed, *added]:
            server.addProcessGroup(name)
        return [*added, *changed, *removed, *self._revive(server)]

    def _revive(self, server: Any) -> list[str]:
        names = [
            f"{found['group']}:{found['name']}"
            for found in server.getAllProcessInfo()
            if found["statename"] in _STOPPED_STATES
        ]
        for name in names:
            server.startProcess(name, False)
        return names

    def _ask(self) -> Any:
        # supervisord is untyped, and so is XML-RPC: `Any` ends in this module.
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        return xmlrpc.client.ServerProxy("http://supervisor", transport).supervisor


def _environ() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("HOME",) if name in os.environ}
    return {**kept, "PATH": PATH, "LANG": "C.UTF-8"}
