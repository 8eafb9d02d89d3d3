"""How a program is started in a container that runs, and how ended: Docker has no word for that."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker

from releases.console import Size
from releases.domain.container import Container
from releases.engine.api import one_line
from releases.engine.opening import checked
from releases.engine.program import Entry, Output
from releases.engine.sizing import can_be_told, is_told_late, sized
from releases.engine.stream import Stream

SHELL = ("/bin/sh", "-c", "if command -v bash >/dev/null; then exec bash; fi; exec sh")
# Of all that the program started: it leads a process group of its own.
_END = 'kill -HUP "-$1"; sleep "$2"; kill -KILL "-$1"'  # dash knows no -- here
_GONE = 137
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.5


class EnteredProgram:
    """A Program by Docker's exec."""

    def __init__(self, api: Any, container: Container, entry: Entry, identifier: str) -> None:
        self._api = api
        self._container = container
        self._entry = entry
        self._id = identifier
        self._ending = threading.Lock()
        self._ended = threading.Event()
        self._is_over = False
        opened = api.exec_start(identifier, tty=entry.has_terminal, socket=True)
        self._stream = Stream(opened, is_plain=entry.has_terminal)

    @classmethod
    def start(cls, api: Any, container: Container, entry: Entry) -> "EnteredProgram":
        """EngineFailed where the container does not run any more."""
        term = {"TERM": entry.term} if entry.has_terminal and entry.term else {}
        with one_line(f"enter {container.slot.name}"):
            made = api.exec_create(
                container.id,
                _command(api, container, entry),
                stdin=True,
                tty=entry.has_terminal,
                environment=term,
            )
            return cls(api, container, entry, made["Id"])

    def output(self) -> Iterator[Output]:
        """Until the program and all that has its output have ended."""
        return checked(self._stream.output())

    def write(self, data: bytes) -> None:
        """OSError when it is gone."""
        self._stream.write(data)

    def end_input(self) -> None:
        """Docker closes the program's standard input then."""
        if not self._entry.has_terminal:
            self._stream.end_input()

    def resize(self, size: Size) -> None:
        """Docker refuses it of one that has ended."""
        with suppress(docker.errors.APIError):
            self._api.exec_resize(self._id, height=size.rows, width=size.columns)

    def exit_status(self) -> int:
        """137 where the container is gone. Docker has no call that waits for it."""
        pause_s = _FIRST_PAUSE_S
        while (found := self._inspect()) and found["Running"]:
            if self._ended.wait(pause_s):
                return _GONE
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        self._is_over = True
        return int(found["ExitCode"]) if found and found["ExitCode"] is not None else _GONE

    def end(self, grace_s: float) -> None:
        """By a shell in the container, which goes on when we are gone; without one it stays."""
        with self._ending:
            if self._ended.is_set():
                return
            self._ended.set()
            self._stream.close()
            if not self._is_over:
                self._kill(grace_s)
            self._stream.release()

    def _kill(self, grace_s: float) -> None:
        found = self._inspect()
        group = _inside(found["Pid"]) if found and found["Running"] else 0
        if not group:
            return
        command = ["/bin/sh", "-c", _END, "sh", str(group), str(int(grace_s))]
        with suppress(docker.errors.APIError):  # the container ended meanwhile
            self._api.exec_start(self._api.exec_create(self._container.id, command)["Id"], True)

    def _inspect(self) -> dict[str, Any]:
        with one_line(f"look at a program in {self._container.slot.name}"):
            try:
                return dict(self._api.exec_inspect(self._id))
            except docker.errors.NotFound:
                return {}


def _command(api: Any, container: Container, entry: Entry) -> list[str]:
    if entry.size and is_told_late(api) and can_be_told(api, container.id):
        return sized(entry.words, entry.size)
    return list(entry.words)


def _inside(process: int) -> int:
    """What a process of this host is called in its container; 0 where that cannot be seen."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    names = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return int(names[-1]) if len(names) > 1 else 0
