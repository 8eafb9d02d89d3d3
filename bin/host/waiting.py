"""How to wait for a process: for its end there is an event, for its first answer there is none."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterable

_ASK_EVERY_S = 0.05


def until(answers: Callable[[], bool], timeout_s: float, pid: int | None = None) -> bool:
    """Ask until the answer is yes; False when the time is up or the process `pid` has ended."""
    deadline = time.monotonic() + timeout_s
    while not answers():
        ended = pid is not None and wait_for_end(pid, _ASK_EVERY_S)
        if pid is None:
            select.select([], [], [], _ASK_EVERY_S)
        if ended or time.monotonic() > deadline:
            return answers()
    return True


def wait_for_end(pid: int, timeout_s: float) -> bool:
    """Whether a process, ours or not, has ended within the time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], max(timeout_s, 0))[0])
    finally:
        os.close(descriptor)


def end(pids: Iterable[int], grace_s: float) -> None:
    """Ask processes to end; whatever is left after the grace time is killed."""
    pids = list(pids)
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    for pid in pids:
        if not wait_for_end(pid, deadline - time.monotonic()):
            _signal(pid, signal.SIGKILL)
            wait_for_end(pid, grace_s)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended by itself
