"""How a process is frozen behind Docker's back, by the kernel's files."""

from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")


def freeze_process(process: int) -> None:
    """As a dockerd does it that dies before it has noted that; it takes root."""
    for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        hierarchy, controllers, path = line.split(":", 2)
        if controllers == "freezer":
            _write(_ROOT / "freezer" / path.lstrip("/") / "freezer.state", "FROZEN")
        elif hierarchy == "0" and (_ROOT / "cgroup.controllers").exists():
            _write(_ROOT / path.lstrip("/") / "cgroup.freeze", "1")


def _write(path: Path, word: str) -> None:
    try:
        path.write_text(word)
    except PermissionError:
        pytest.skip("only root may write to the kernel's freezer")
