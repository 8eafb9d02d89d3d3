"""How the kernel says that something changed in a directory or a file: inotify, by ctypes."""

import ctypes
import os
from contextlib import suppress
from pathlib import Path

CHANGED = 0x002  # IN_MODIFY: a file was written, or the kernel has counted on in it
ARRIVED = 0x180  # IN_MOVED_TO | IN_CREATE: a directory has one entry more
_BUFFER_BYTES = 64 * 1024

_libc = ctypes.CDLL(None, use_errno=True)


class Inotify:
    """Wakes up who selects on it; what has changed is for them to look at."""

    def __init__(self) -> None:
        self._fd = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))

    def watch(self, path: Path, events: int) -> None:
        """Wake up at these events, from now on; OSError if the path cannot be watched.

        A path that goes takes its watch with it. Watched twice is watched once.
        """
        _checked(_libc.inotify_add_watch(self._fd, os.fsencode(path), events))

    def forget_events(self) -> None:
        """Sleep again until something else changes."""
        with suppress(BlockingIOError):
            while os.read(self._fd, _BUFFER_BYTES):
                continue

    def fileno(self) -> int:
        """For a selector."""
        return self._fd

    def close(self) -> None:
        """End all watches."""
        os.close(self._fd)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
