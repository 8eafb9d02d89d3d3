"""When a repository is repacked in the background, and how little that may take.

Every push leaves a pack, and git looks into all of them for every object. A repack runs beside
pushes and fetches and nothing waits for it: git writes the new pack first, drops the ones that
it holds second, and every reader of ours looks again when a pack is gone.
"""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gitreceive import git
from gitreceive.limits import Limits
from gitreceive.repository import Repository

_NOT_STARTED = 126  # as a shell says it
_log = logging.getLogger(__name__)


class Upkeep:
    """Repacks repositories that have many packs: one at a time, behind everything else."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._waiting: dict[Path, None] = {}  # in the order they were asked for
        self._is_running = False
        self._patience: dict[Path, int] = {}  # packs at which one that failed is tried again

    @property
    def is_busy(self) -> bool:
        """Whether a repository is being repacked or waits for it."""
        with self._lock:
            return self._is_running

    @property
    def given_up(self) -> set[Path]:
        """Repositories that could not be repacked, and wait until they have twice the packs."""
        return set(self._patience)

    def look(self, repository: Repository) -> None:
        """Have the repository repacked soon if it has too many packs; return at once."""
        path = repository.path
        if len(packs(path)) < self._patience.get(path, self._limits.packs):
            return
        with self._lock:
            self._waiting[path] = None
            if self._is_running:
                return
            self._is_running = True
        threading.Thread(target=self._work, name="upkeep", daemon=True).start()

    def _work(self) -> None:
        while (path := self._next()) is not None:
            self._repack(path)

    def _next(self) -> Path | None:
        with self._lock:
            path = next(iter(self._waiting), None)
            if path is None:
                self._is_running = False
            else:
                del self._waiting[path]
            return path

    def _repack(self, path: Path) -> None:
        before = len(packs(path))
        ended = run_repack(path, self._limits)
        after = len(packs(path))
        if ended or after >= before:
            self._patience[path] = 2 * max(after, self._limits.packs)
            _log.error("repack of %s: status %d, %d packs stay", path.name, ended, after)
        else:
            self._patience.pop(path, None)
            _log.info("repack of %s: %d packs became %d", path.name, before, after)


def packs(path: Path) -> list[Path]:
    """The packs of a repository; none where it is gone."""
    return list((path / "objects" / "pack").glob("*.pack"))


def run_repack(path: Path, limits: Limits) -> int:
    """Join small packs, so that each is at least twice the next; return git's exit status.

    A large pack is left alone while what was pushed since is small beside it. Objects that no
    ref reaches stay: a rollback may need them.
    """
    try:
        process = subprocess.Popen(
            repack_arguments(path, limits),
            env=git.environment(None, {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        _log.error("repack of %s cannot be started: %s", path.name, error)
        return _NOT_STARTED
    try:
        return process.wait(limits.repack_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()
    finally:
        for left in (path / "objects" / "pack").glob(f".tmp-{process.pid}-*"):
            with suppress(FileNotFoundError):
                left.unlink()


def repack_arguments(path: Path, limits: Limits) -> Sequence[str]:
    """The command line, under limits of memory and CPU, at the lowest priority."""
    bounds = [f"--as={limits.git_memory_bytes}", f"--cpu={limits.git_cpu_s}", "--core=0"]
    settings = ("pack.threads=1", "pack.windowMemory=64m", "core.bigFileThreshold=32m")
    flags = [part for setting in settings for part in ("-c", setting)]
    repack = ["repack", "-d", "-n", "-q", "--geometric=2", "--no-write-bitmap-index"]
    return [
        *("nice", "-n", "19", "prlimit", *bounds),
        *("git", f"--git-dir={path}", *flags, *repack),
    ]
