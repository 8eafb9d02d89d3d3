"""What a server and all that it started cost: CPU and memory, read from /proc."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services import wait_for

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_SAMPLE_S = 0.02
_MB = 1024  # in the kB of /proc


@dataclass
class Peaks:
    """Megabytes, at their highest."""

    own: float = 0.0  # the server process itself, shared pages included
    tree: float = 0.0  # anonymous memory of the server and all its children together


def cpu_s(pid: int) -> float:
    """CPU that a process has used, with every child it has waited for. Right to a tick or two."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) * _TICK_S


def threads(pid: int) -> int:
    """How many threads a process has now."""
    return int(_status(pid)["Threads"])


def wait_until_childless(pid: int) -> None:
    """Return when the process has waited for all its children, so that `cpu_s` is whole."""
    wait_for(lambda: len(_tree(pid)) == 1, f"the children of {pid} to end", timeout_s=60)


@contextmanager
def watched(pid: int) -> Iterator[Peaks]:
    """Peaks from here to the end of the block. Sampling costs some CPU: do not time meanwhile."""
    peaks, over = Peaks(), threading.Event()
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): reset the peak resident set size

    def sample() -> None:
        while not over.wait(_SAMPLE_S):
            peaks.tree = max(peaks.tree, sum(map(_anonymous, _tree(pid))) / _MB)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield peaks
    finally:
        over.set()
        sampler.join()
        peaks.own = int(_status(pid)["VmHWM"].split()[0]) / _MB


def _tree(root: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
    found, fresh = [root], {root}
    while fresh := {pid for pid, parent in parents.items() if parent in fresh}:
        found += fresh
    return found


def _anonymous(pid: int) -> int:
    try:
        return int(_status(pid).get("RssAnon", "0 kB").split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
