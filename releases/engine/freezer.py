"""What the kernel's freezer says of a process: Docker may not know it."""

from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


def is_frozen(process: int) -> bool:
    """Whether the process is frozen; False too where that cannot be seen from here."""
    try:
        lines = Path(f"/proc/{process}/cgroup").read_text().splitlines()
        return any(_says_so(*line.split(":", 2)) for line in lines)
    except OSError:
        return False


def _says_so(hierarchy: str, controllers: str, path: str) -> bool:
    """Of one line of /proc/<pid>/cgroup: version 1 has a file for it, version 2 an event."""
    if controllers == "freezer":
        return (_ROOT / "freezer" / path.lstrip("/") / "freezer.state").read_text() != "THAWED\n"
    if hierarchy == "0" and (_ROOT / "cgroup.controllers").exists():
        return "frozen 1" in (_ROOT / path.lstrip("/") / "cgroup.events").read_text()
    return False
