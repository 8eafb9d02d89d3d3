"""What the kernel tells of running processes: whose they are, and what they were started as."""

import os
from collections.abc import Iterator
from pathlib import Path

PROGRAM = "PAAS_PROGRAM"  # in the environment of every process of the platform, and its children
_PROC = Path("/proc")


def pids() -> Iterator[int]:
    """Every process there is."""
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            yield int(entry.name)


def name(pid: int) -> str:
    """`haproxy`; empty if it is gone."""
    return _read(pid, "comm").strip()


def arguments(pid: int) -> list[str]:
    """The command line; empty if the process is gone or a kernel thread."""
    return _read(pid, "cmdline").split("\0")[:-1]


def is_ours(pid: int, home: Path) -> bool:
    """Whether the platform with that home started the process, or one that did."""
    environ = _environ(pid)
    return PROGRAM in environ and environ.get("PAAS_HOME") == str(home)


def ours(home: Path) -> list[int]:
    """All processes of the platform with that home, but not the one that asks."""
    return sorted(pid for pid in pids() if pid != os.getpid() and is_ours(pid, home))


def other_home(instance: str, home: Path) -> str | None:
    """The home of another platform that runs under the same name on this machine."""
    for pid in pids():
        environ = _environ(pid)
        other = environ.get("PAAS_HOME", str(home))
        if PROGRAM in environ and environ.get("PAAS_INSTANCE") == instance and other != str(home):
            return other
    return None


def running(pid_file: Path, argument: str) -> int | None:
    """The process a pid file names, if it still is the one: its command line has the argument.

    After a crash or a reboot the number may belong to a stranger.
    """
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if argument in arguments(pid) else None


def _environ(pid: int) -> dict[str, str]:
    entries = _read(pid, "environ").split("\0")
    return {name: value for name, _, value in (entry.partition("=") for entry in entries)}


def _read(pid: int, file: str) -> str:
    try:
        return (_PROC / str(pid) / file).read_text(errors="surrogateescape")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""  # ended meanwhile, or another user's
