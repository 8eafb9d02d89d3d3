"""How much room there is on a disk, and which builds have to stop when it gets scarce."""

import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from releases.errors import PaasError

_MB = 1024 * 1024
_PATIENCE_S = 5.0  # the space of a build that was stopped comes back in this time


class LowDisk(PaasError):
    """There is too little room to build anything."""


def check_room(path: Path, low_disk_mb: int) -> None:
    """LowDisk if the file system of the path has less room than that; 0 is never too little."""
    free_mb = free_bytes(path) // _MB
    if free_mb < low_disk_mb:
        raise LowDisk(f"{shortage(path, low_disk_mb)}, and push again")


def shortage(path: Path, low_disk_mb: int) -> str:
    """What is wrong, and how to make room."""
    return (
        f"the disk of {path} has only {free_bytes(path) // _MB} MB left, less than {low_disk_mb} "
        "(the setting low_disk_mb); free some, Docker's unused cache by `docker builder prune`"
    )


def free_bytes(path: Path) -> int:
    """What a program without special rights could still write there."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def written_bytes(places: Iterable[Path], since: float) -> int:
    """The room that files below these directories take which changed since then (Unix s)."""
    return sum(
        found.st_blocks * 512
        for place in places
        for found in _files(place)
        if found.st_ctime >= since
    )


def _files(place: Path) -> Iterator[os.stat_result]:
    waiting = [os.fspath(place)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:  # a build goes on meanwhile: files come and go
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        yield entry.stat(follow_symlinks=False)


class DiskUse:
    """What one build does to a disk that it shares with other builds."""

    def __init__(self, path: Path, low_mb: int, most_mb: int) -> None:
        self._path, self._low_mb, self._most_mb = path, low_mb, most_mb
        self._free = free_bytes(path)  # at the beginning
        # File systems note times by a coarser clock, which may be some ms behind.
        self._began = time.time() - 0.1
        self._low_since = 0.0  # time.monotonic(); 0: it is not low
        self._not_before = 0.0  # time.monotonic(): the next time that files are looked at

    def verdict(self, places: Collection[Path] | None) -> str:
        """Why this build has to stop now; empty while it may go on.

        `places` are where this build writes; their files are looked at only when the disk has
        lost much. Where they cannot be known, all that is lost counts as this build's.
        """
        now, free = time.monotonic(), free_bytes(self._path)
        lost, is_low = self._free - free, free < self._low_mb * _MB
        self._low_since = (self._low_since or now) if is_low else 0.0
        if not (is_low or self._is_much(lost)) or now < self._not_before:
            return ""
        own = lost if places is None else written_bytes(places, self._began)
        self._not_before = now + 10 * (time.monotonic() - now)  # at most a tenth of the time
        if self._is_much(own):
            return (
                f"it was stopped: it took more than {self._most_mb} MB of the disk of {self._path} "
                "(the setting build_disk_mb)"
            )
        if is_low and (own > max(lost, 0) / 2 or now - self._low_since > _PATIENCE_S):
            return f"it was stopped: {shortage(self._path, self._low_mb)}"
        return ""

    def _is_much(self, amount: int) -> bool:
        return bool(self._most_mb) and amount > self._most_mb * _MB
