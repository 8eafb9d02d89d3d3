"""What happens to a build while it runs: its steps are limited, and it is stopped when it must."""

import logging
import os
import selectors
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from builder.docker.engine import Engine
from builder.docker.progress import BuildFailed
from builder.limits.cgroups import Limits
from builder.limits.disk import DiskUse, check_room, free_bytes, shortage
from builder.limits.orphans import end_orphans
from builder.limits.steps import RUNC_ROOT
from builder.limits.watch import StepWatch
from releases.errors import PaasError
from releases.settings import Settings

_LOOK_S = 0.25  # between two looks, at the disk above all: a step may write 1 GB in a second
_SIGNAL = signal.SIGUSR2  # raises in the main thread, the way that RQ's timeout does


_data_roots: dict[str, Path | None] = {}  # by the engine's host: /info takes 5 to 10 ms

_logger = logging.getLogger(__name__)


class BuildStopped(PaasError):
    """The build took more than it may, or there is no room for it any more."""


def why_unlimited(settings: Settings) -> str:
    """Why builds are not limited on this machine; empty if they are."""
    if not settings.docker_host.startswith("unix://"):
        return "Docker is on another machine"
    if not os.access(RUNC_ROOT.parent, os.W_OK):
        return "only root may limit them"
    return ""


def data_root_of(engine: Engine) -> Path | None:
    """Where an engine of this machine takes its room; asked once per process and those it forks."""
    if engine.host not in _data_roots:
        _data_roots[engine.host] = engine.data_root()
    return _data_roots[engine.host]


@contextmanager
def guarded(engine: Engine, settings: Settings) -> Iterator[None]:
    """Limit what this engine builds meanwhile; for the main thread, which may be anywhere.

    LowDisk at once, BuildStopped at any moment. A BuildFailed is told why, where a limit is
    the reason. An engine of another machine is left alone.
    """
    data_root = data_root_of(engine)
    if data_root is None:
        yield
        return
    check_room(data_root, settings.low_disk_mb)
    _end_orphans()  # of a build whose worker died as well
    guard = _Guard(engine.mark, settings, data_root)
    before = signal.signal(_SIGNAL, guard.raise_reason)
    guard.start()
    try:
        yield
    except BuildFailed as error:
        guard.finish()
        raise BuildFailed(f"{error}{guard.explain(str(error))}", error.steps) from error
    finally:
        guard.finish()
        signal.signal(_SIGNAL, before)
        _end_orphans()  # if Docker went away


def _end_orphans() -> None:
    with suppress(OSError):  # this process may not; it has said so when it began
        end_orphans()


class _Guard(threading.Thread):
    """Looks at one build until told to end."""

    def __init__(self, mark: str, settings: Settings, data_root: Path) -> None:
        super().__init__(daemon=True, name="guard")
        self._settings, self._data_root = settings, data_root
        self._reason = ""
        self._is_finished = False
        self._has_looked = threading.Event()
        self._ended = os.eventfd(0, os.EFD_CLOEXEC)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._ended, selectors.EVENT_READ)
        self._disk = DiskUse(data_root, settings.low_disk_mb, settings.build_disk_mb)
        self._steps = _watch_steps(mark, settings, self._selector)

    def run(self) -> None:
        try:
            self._reason = self._watch()
            if self._reason:
                signal.pthread_kill(threading.main_thread().ident or 0, _SIGNAL)
        finally:
            self._has_looked.set()
            self._close()  # nobody waits for this: to end an inotify takes up to 20 ms

    def finish(self) -> None:
        """Look no more; what there was to see has been seen. Done twice is done once."""
        if not self._is_finished:
            self._is_finished = True
            if not self._has_looked.is_set():
                os.eventfd_write(self._ended, 1)
            self._has_looked.wait()

    def _watch(self) -> str:
        """Why the build has to stop; empty once it has ended."""
        while self._ended not in [key.fileobj for key, _ in self._selector.select(_LOOK_S)]:
            if reason := self._verdict():
                return reason
        if self._steps:
            self._steps.look()  # what has happened since may explain a failure
        return ""

    def _close(self) -> None:
        if self._steps:
            self._steps.close()
        self._selector.close()
        os.close(self._ended)

    def raise_reason(self, _signal: int, _frame: FrameType | None) -> None:
        raise BuildStopped(self._reason)

    def explain(self, failure: str) -> str:
        """What to add to the failure of a step."""
        memory = f"more than {self._settings.build_memory_mb} MB (the setting build_memory_mb)"
        processes = f"{self._settings.build_processes} processes (the setting build_processes)"
        if self._steps and self._steps.hits_processes:
            return f": it was refused more than {processes}"
        if self._steps and self._steps.hits_memory:
            return f": a process of a step was killed, which used {memory}"
        if self._steps and self._settings.build_memory_mb and "exit status 137" in failure:
            return f": killed, perhaps for using {memory}"
        if free_bytes(self._data_root) < self._settings.low_disk_mb * 1024 * 1024:
            return f"; {shortage(self._data_root, self._settings.low_disk_mb)}"
        return ""

    def _verdict(self) -> str:
        if self._steps is None:
            return self._disk.verdict(None)
        self._steps.look()
        if self._steps.hits_processes:
            return (
                f"it was stopped: a step started more than {self._settings.build_processes} "
                "processes (the setting build_processes)"
            )
        return self._disk.verdict(self._steps.places)


def _watch_steps(
    mark: str, settings: Settings, selector: selectors.BaseSelector
) -> StepWatch | None:
    limits = Limits(settings.build_memory_mb, settings.build_cpus, settings.build_processes)
    try:
        return StepWatch(mark, limits, selector)
    except PermissionError:
        return None  # the worker has said so when it began
    except OSError:
        _logger.exception("the steps of this build run without limits")
        return None
