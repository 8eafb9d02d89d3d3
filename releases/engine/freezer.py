"""What the kernel's freezer says of a process: Docker may not know it."""

from pathlib import Path

_PROCESSES = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


def is_frozen(process: int, processes: Path = _PROCESSES, cgroups: Path = _CGROUPS) -> bool:
    """Whether the process is frozen; False too where that cannot be seen from here."""
    try:
        lines = (processes / str(process) / "cgroup").read_text().splitlines()
        return any(_says_so(cgroups, *line.split(":", 2)) for line in lines)
    except OSError:
        return False


def _says_so(cgroups: Path, hierarchy: str, controllers: str, path: str) -> bool:
    """Of one line of /proc/<pid>/cgroup: version 1 has a file for it, version 2 an event."""
    if controllers == "freezer":
        return (cgroups / "freezer" / path.lstrip("/") / "freezer.state").read_text() != "THAWED\n"
    if hierarchy == "0" and (cgroups / "cgroup.controllers").exists():
        return "frozen 1" in (cgroups / path.lstrip("/") / "cgroup.events").read_text()
    return False
