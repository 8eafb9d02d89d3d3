"""What a process of ours can know of another: whether it still lives, and how to end with it."""

import ctypes
import os
import signal
import socket
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_ENDED = ("Z", "X")  # nobody has asked yet how it ended: it does nothing more


def own_name() -> str:
    """`host:pid`, by which others know this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_dead(name: str) -> bool:
    """Whether a process, named `host:pid`, is known to be gone; one of another host never is.

    A pid may be another process's by now: then it counts as alive.
    """
    host, _, pid = name.rpartition(":")
    if host != socket.gethostname():
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in _ENDED


def end_with_parent() -> None:
    """Have the kernel kill this process when the process that forked it is gone."""
    parent = os.getppid()
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), signal.SIGKILL)
