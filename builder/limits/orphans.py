"""Which build steps have outlived their engine, and their end: nobody else would ever stop them."""

import subprocess
from pathlib import Path

from builder.docker.engine import STEP_HOST
from builder.limits.steps import RUNC_ROOT, Step, read_step

_STARTED = 21  # place of a process's start in /proc/<pid>/stat; 3 is its parent's id


def end_orphans() -> None:
    """End steps of ours that run without the runc that waits for them: it died with dockerd.

    A step of which no process is left may be in the engine's hands and is left alone.
    OSError where this process may not see steps.
    """
    if not RUNC_ROOT.exists():
        return
    for directory in RUNC_ROOT.iterdir():
        step = read_step(directory, STEP_HOST)
        if step and step.mark and _is_orphan(step):
            _end(directory.name)


def _end(identifier: str) -> None:
    command = ["runc", "delete", "--force", identifier]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        # Its processes are dead by now, but their cgroup was not empty yet.
        subprocess.run(command, capture_output=True, check=False)


def _is_orphan(step: Step) -> bool:
    status = _status(step.pid)
    if not status or int(status[_STARTED]) != step.start:
        return False
    parent = _status(int(status[3]))
    return not parent or not parent[1].endswith("runc)")


def _status(pid: int) -> list[str]:
    try:
        text = (Path("/proc") / str(pid) / "stat").read_text()
    except OSError:
        return []
    before, _, after = text.rpartition(") ")  # the name may have anything in it
    number, _, name = before.partition(" ")
    return [number, f"{name})", *after.split()]
