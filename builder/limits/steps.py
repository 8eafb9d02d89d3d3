"""How to find the running steps of one build: by what runc notes of the containers it runs.

BuildKit (in dockerd 20.10 to 28, whatever its cgroup driver) has runc run each RUN step, with
runc's own root. There runc notes the step's cgroups and mounts before the step's program begins.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNC_ROOT = Path("/run/runc")
_MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Step:
    """A RUN step while it runs."""

    pid: int  # of its first process
    start: int  # of that process, in the kernel's ticks: process ids are used again
    cgroups: dict[str, Path]  # by controller, "" for the unified hierarchy
    mark: str  # the address that its build has given to the host; empty: it is not ours
    places: tuple[Path, ...]  # directories of this machine that it writes to


def read_step(directory: Path, host: str) -> Step | None:
    """The step that runc keeps this directory for; None while its notes are not there (yet).

    `host` is the name in the step's /etc/hosts whose address tells builds apart.
    """
    try:
        state = json.loads((directory / "state.json").read_text())
    except (OSError, ValueError):
        return None
    config = state.get("config", {})
    mounts = config.get("mounts") or []
    return Step(
        pid=state.get("init_process_pid", 0),
        start=state.get("init_process_start", 0),
        cgroups={name: Path(path) for name, path in state.get("cgroup_paths", {}).items()},
        mark=_mark(mounts, host),
        places=tuple([*_upper(config.get("rootfs", "")), *_caches(mounts)]),
    )


def _mark(mounts: list[dict[str, Any]], host: str) -> str:
    for mount in mounts:
        if mount["destination"] == "/etc/hosts":
            lines = [line.split() for line in _text(Path(mount["source"])).splitlines()]
            return next((words[0] for words in lines if words[1:] == [host]), "")
    return ""


def _upper(root: str) -> list[Path]:
    """Where an overlay mounted at `root` keeps what is written."""
    for line in _text(_MOUNTS).splitlines():
        words = line.split()
        if words[4] == root:
            options = words[-1].split(",")
            return [Path(o.removeprefix("upperdir=")) for o in options if o.startswith("upperdir=")]
    return []


def _caches(mounts: list[dict[str, Any]]) -> list[Path]:
    sources = [Path(mount["source"]) for mount in mounts if mount.get("device") == "bind"]
    return [source for source in sources if source.is_dir()]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="surrogateescape")
    except OSError:
        return ""  # the step has ended meanwhile
