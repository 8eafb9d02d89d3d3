"""The command that shows what an app prints."""

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial

import click

from releases.command import APP, Command, Session
from releases.container import Container
from releases.docker_engine import DockerEngine, LogStream, connect

_BUFFERED_LINES = 10_000
_BACKLOG_LINES = 1_000  # of a container that started while we followed
_IDLE_S = 1.0


def show(session: Session, app: str, tail: bool, num: int, process: str | None) -> None:
    """Lines of all processes, by time, each with its process's name."""
    session.platform.store.apps.get(app)
    follower = Follower(connect(session.platform.settings, session.platform.store), app, process)
    if not tail:
        for line in sorted(follower.past(num))[-num:]:
            session.print(line)
        return
    with closing(follower.lines(num)) as lines:
        for new in lines:
            if new is None:
                session.out.flush()  # raises when nobody reads any more
            else:
                session.print(new)


class Follower:
    """Reads the output of an app's containers, also of those that later releases start."""

    def __init__(self, engine: DockerEngine, app: str, process: str | None) -> None:
        self._engine = engine
        self._app = app
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue(_BUFFERED_LINES)
        self._streams: list[LogStream] = []
        self._followed: set[str] = set()
        self._closed = threading.Event()

    def past(self, num: int) -> list[str]:
        """The last lines of each container."""
        return [line for one in self._containers() for line in self._read(one, num, follow=False)]

    def lines(self, num: int) -> Generator[str | None]:
        """Lines as they come, None after a second of silence, until the caller closes this."""
        try:
            self._in_background(self._watch_starts)
            self._follow_new(num)
            while True:
                try:
                    yield self._lines.get(timeout=_IDLE_S)
                except queue.Empty:
                    yield None
        finally:
            self._closed.set()
            for stream in self._streams:
                stream.close()

    def _watch_starts(self) -> None:
        starts = self._engine.starts(self._app)
        self._streams.append(starts)
        for _ in starts:
            self._follow_new(_BACKLOG_LINES)

    def _follow_new(self, num: int) -> None:
        for container in self._containers():
            if container.id not in self._followed:
                self._followed.add(container.id)
                self._in_background(partial(self._copy, container, num))

    def _containers(self) -> list[Container]:
        found = self._engine.containers(self._app)
        return [
            one for one in found if self._process in (None, one.slot.process_type, one.slot.name)
        ]

    def _copy(self, container: Container, num: int) -> None:
        for line in self._read(container, num, follow=True):
            while not self._closed.is_set():
                try:
                    self._lines.put(line, timeout=_IDLE_S)
                    break
                except queue.Full:
                    continue  # the reader is slow: wait with it, or end with it

    def _read(self, container: Container, num: int, *, follow: bool) -> Iterator[str]:
        stream, rest = self._engine.follow(container, tail=num, follow=follow), b""
        self._streams.append(stream)
        for chunk in stream:
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (_shown(container, line) for line in whole)
        if rest:  # it ended in the middle of a line
            yield _shown(container, rest)

    def _in_background(self, run: Callable[[], None]) -> None:
        threading.Thread(target=run, daemon=True).start()


def _shown(container: Container, line: bytes) -> str:
    moment, _, text = line.decode(errors="replace").partition(" ")
    return f"{moment[:26]}Z app[{container.slot.name}]: {text.rstrip()}"


COMMANDS = (
    Command(
        "logs",
        "Show what the app's processes print",
        show,
        (
            APP,
            click.Option(["-t", "--tail"], is_flag=True, help="Go on as lines come."),
            click.Option(
                ["-n", "--num"], default=100, type=click.IntRange(1, 10_000), help="Lines."
            ),
            click.Option(["-p", "--process"], help="Only this type or process: web, web.1."),
        ),
    ),
)
