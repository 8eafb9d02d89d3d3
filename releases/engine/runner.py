"""Starts one-offs, and programs in containers that run, on Docker."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import docker

from releases.console import Size
from releases.domain import one_off
from releases.domain.container import Container
from releases.domain.one_off import Run
from releases.engine.api import one_line, reason, remove
from releases.engine.docker import DockerEngine
from releases.engine.entry import EnteredProgram
from releases.engine.network import ensure_network
from releases.engine.one_off import one_off_name, one_off_request
from releases.engine.opening import checked
from releases.engine.program import Entry, Output, Program
from releases.engine.protocol import EngineFailed
from releases.engine.sizing import can_be_told, is_told_late, sized
from releases.engine.start import is_taken
from releases.engine.stream import Stream
from releases.settings import Settings
from releases.store import Store

_ATTACH = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
GONE = 137  # as a shell says it of what SIGKILL ended


class _NoShell(Exception):
    """The image has none."""


class DockerRunner:
    """On the Docker Engine that an engine of ours is connected to."""

    def __init__(self, settings: Settings, store: Store, engine: DockerEngine) -> None:
        self._settings = settings
        self._store = store
        self._place = engine.place
        self._api = engine.place.api

    def run(self, run: Run) -> Program:
        """Attached before it starts, so that not a byte is lost."""
        command = one_off.arguments(run.words, run.release.artifact.processes)
        if command and run.size and self._may_be_told(run.release.artifact.image):
            with suppress(_NoShell):
                return self._start(run, sized(command, run.size), needs_shell=True)
        return self._start(run, command)

    def detach(self, run: Run) -> None:
        """Its output is kept by Docker, in bounds."""
        self._start(run, one_off.arguments(run.words, run.release.artifact.processes))

    def enter(self, container: Container, entry: Entry) -> Program:
        """By Docker's exec, which passes the image's entry point by."""
        return EnteredProgram.start(self._api, container, entry)

    def _start(
        self, run: Run, command: Sequence[str] | None, *, needs_shell: bool = False
    ) -> "OneOffProgram":
        ensure_network(self._api, self._settings, self._store.locks)
        name = one_off_name(self._settings.instance, run)
        for address in self._place.addresses():
            request = one_off_request(self._settings, run, command, address)
            identifier = self._place.create(request, name, run.release, run.slot)
            program = OneOffProgram(self._api, identifier, run)
            if needs_shell and not program.has_shell():
                program.end(0)
                raise _NoShell
            try:
                program.start()
            except docker.errors.APIError as error:
                program.end(0)
                if is_taken(error):
                    continue
                raise EngineFailed(f"cannot start {run.slot.name}: {reason(error)}") from error
            return program
        raise AssertionError("addresses do not end without an error")

    def _may_be_told(self, image: str) -> bool:
        """An entry point of the image's own may do anything with what we add."""
        if not is_told_late(self._api):
            return False
        with one_line("look at the image"):
            found = self._api.inspect_image(image)
        return not found["Config"].get("Entrypoint")


class OneOffProgram:
    """A one-off; a Program where it is attended."""

    def __init__(self, api: Any, identifier: str, run: Run) -> None:
        self._api = api
        self._id = identifier
        self._run = run
        self._stream: Stream | None = None
        self._ending = threading.Lock()
        self._is_over = False  # its command
        self._is_gone = False  # the container

    def start(self) -> None:
        """Once. docker-py's errors."""
        if not self._run.is_detached:
            opened = self._api.attach_socket(self._id, _ATTACH)
            self._stream = Stream(opened, is_plain=self._run.has_terminal)
        self._api.start(self._id)

    def has_shell(self) -> bool:
        """Whether its image has one."""
        return can_be_told(self._api, self._id)

    def output(self) -> Iterator[Output]:
        """None of one that is detached."""
        return checked(self._stream.output()) if self._stream else iter(())

    def write(self, data: bytes) -> None:
        """OSError when it is gone."""
        if self._stream:
            self._stream.write(data)

    def end_input(self) -> None:
        """Docker closes the program's standard input then."""
        if self._stream and not self._run.has_terminal:
            self._stream.end_input()

    def resize(self, size: Size) -> None:
        """Docker refuses it of one that has ended."""
        with suppress(docker.errors.APIError):
            self._api.resize(self._id, height=size.rows, width=size.columns)

    def exit_status(self) -> int:
        """137 where somebody removed it meanwhile."""
        with one_line(f"wait for {self._run.slot.name}"):
            try:
                status = int(self._api.wait(self._id, timeout=None)["StatusCode"])
            except docker.errors.NotFound:
                status = GONE
        self._is_over = True
        return status

    def end(self, grace_s: float) -> None:
        """Its output is let go first: one that waits for us to read could not end."""
        with self._ending:
            if self._is_gone:
                return
            self._is_gone = True
            if self._stream:
                self._stream.close()
            try:
                if not self._is_over:
                    self._stop(grace_s)
            finally:
                remove(self._api, self._id, self._run.slot.name)
                if self._stream:
                    self._stream.release()

    def _stop(self, grace_s: float) -> None:
        with suppress(docker.errors.APIError):  # it was never started, or has ended
            self._api.kill(self._id, signal="SIGHUP")
        with one_line(f"stop {self._run.slot.name}"), suppress(docker.errors.NotFound):
            self._api.stop(self._id, timeout=int(grace_s))
