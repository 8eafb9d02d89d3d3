"""The command that shows what an app prints."""

import heapq
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial

import click

from releases.command import APP, Command, Session
from releases.domain.container import Container
from releases.engine.docker import DockerEngine, connect
from releases.engine.protocol import EngineFailed, LogStream

_BUFFERED_LINES = 10_000
_BACKLOG_LINES = 1_000  # of a container that started while we followed
_LONGEST_LINE_BYTES = 64 * 1024
_IDLE_S = 1.0


def show(session: Session, app: str, tail: bool, num: int, process: str | None) -> None:
    """Lines of all processes, by time, each with its process's name."""
    session.platform.store.apps.get(app)
    follower = Follower(connect(session.platform.settings, session.platform.store), app, process)
    if not tail:
        for line in follower.past(num):
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
        self._lines: queue.Queue[str | EngineFailed] = queue.Queue(_BUFFERED_LINES)
        self._lock = threading.Lock()  # of the next two, and of closing
        self._streams: set[LogStream] = set()
        self._followed: set[str] = set()
        self._closed = threading.Event()

    def past(self, num: int) -> list[str]:
        """The last lines of all containers together, by time."""
        found = (line for one in self._containers() for line in self._read(one, num, follow=False))
        return heapq.nlargest(num, found)[::-1]

    def lines(self, num: int) -> Generator[str | None]:
        """Lines as they come, None after a second of silence, until the caller closes this."""
        try:
            self._in_background(self._watch_starts)
            self._follow_new(num)
            while True:
                yield self._next()
        finally:
            self._close()

    def _next(self) -> str | None:
        try:
            line = self._lines.get(timeout=_IDLE_S)
        except queue.Empty:
            return None
        if isinstance(line, EngineFailed):
            raise line
        return line

    def _close(self) -> None:
        with self._lock:
            self._closed.set()
            streams = list(self._streams)
        for stream in streams:
            _end(stream)

    def _watch_starts(self) -> None:
        try:
            with self._opened(self._engine.starts(self._app)) as starts:
                for _ in starts:
                    self._follow_new(_BACKLOG_LINES)
        except EngineFailed as error:
            self._put(error)
        else:
            self._put(EngineFailed("Docker has ended the output; try again when it is back"))

    def _follow_new(self, num: int) -> None:
        for container in self._containers():
            with self._lock:
                is_new = container.id not in self._followed
                self._followed.add(container.id)
            if is_new:
                self._in_background(partial(self._copy, container, num))

    def _containers(self) -> list[Container]:
        detached = [one.container for one in self._engine.one_offs(self._app) if one.is_detached]
        found = [*self._engine.containers(self._app), *detached]
        return [
            one for one in found if self._process in (None, one.slot.process_type, one.slot.name)
        ]

    def _copy(self, container: Container, num: int) -> None:
        for line in self._read(container, num, follow=True):
            self._put(line)

    def _put(self, line: str | EngineFailed) -> None:
        while not self._closed.is_set():
            try:
                self._lines.put(line, timeout=_IDLE_S)
                return
            except queue.Full:
                continue  # the reader is slow: wait with it, or end with it

    def _read(self, container: Container, num: int, *, follow: bool) -> Iterator[str]:
        try:
            output = self._engine.follow(container, tail=num, follow=follow)
        except EngineFailed:
            return  # it was removed meanwhile
        with self._opened(output) as stream:
            rest = b""
            for chunk in stream:
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (_shown(container, line) for line in whole)
                if len(rest) > _LONGEST_LINE_BYTES:
                    rest = rest[:_LONGEST_LINE_BYTES]  # what follows without a newline is left out
            if rest:  # it ended in the middle of a line
                yield _shown(container, rest)

    @contextmanager
    def _opened(self, stream: LogStream) -> Iterator[LogStream]:
        with self._lock:
            self._streams.add(stream)
            is_late = self._closed.is_set()
        try:
            if is_late:
                _end(stream)
            yield stream
        finally:
            with self._lock:
                self._streams.discard(stream)
            _end(stream)

    def _in_background(self, run: Callable[[], None]) -> None:
        threading.Thread(target=run, daemon=True).start()


def _end(stream: LogStream) -> None:
    # docker-py 7.2 looks for the socket of a response that may end at the same moment.
    with suppress(OSError, AttributeError):
        stream.close()


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
            click.Option(["-p", "--process"], help="Only this type or process: web, web.1, run.2."),
        ),
    ),
)
