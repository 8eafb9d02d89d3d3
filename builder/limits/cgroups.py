"""What a step's cgroup is told, in both versions of cgroups, and how it tells of a limit hit."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MB = 1024 * 1024
_PERIOD_US = 100_000
# All builds together get an eighth of what one app's container gets when both want the CPU.
_SHARES, _WEIGHT = "128", "12"  # of 1024 and of 100


@dataclass(frozen=True)
class Limits:
    """Of one step; 0: none."""

    memory_mb: int
    cpus: float
    processes: int


def limit(cgroups: Mapping[str, Path], limits: Limits) -> None:
    """Put a step's processes under the limits. A step that has ended already is no error.

    OSError where this process may not write, or the kernel refuses.
    """
    wanted = _version_1(cgroups, limits) if "memory" in cgroups else _version_2(cgroups, limits)
    for file, value in wanted:
        with suppress(FileNotFoundError):  # it has ended; or no swap, or no such controller
            file.write_text(value)


def _version_1(cgroups: Mapping[str, Path], limits: Limits) -> Iterator[tuple[Path, str]]:
    cpu, memory = cgroups["cpu"], cgroups["memory"]
    for place in _with_parent(cpu):
        yield place / "cpu.shares", _SHARES
    if limits.processes:
        yield cgroups["pids"] / "pids.max", str(limits.processes)
    if limits.cpus:
        yield cpu / "cpu.cfs_quota_us", str(_quota_us(limits))
    if limits.memory_mb:  # memory alone comes first: it may never be more than with swap
        yield memory / "memory.limit_in_bytes", str(limits.memory_mb * _MB)
        yield memory / "memory.memsw.limit_in_bytes", str(limits.memory_mb * _MB)


def _version_2(cgroups: Mapping[str, Path], limits: Limits) -> Iterator[tuple[Path, str]]:
    cgroup = cgroups[""]
    for place in _with_parent(cgroup):
        yield place / "cpu.weight", _WEIGHT
    if limits.processes:
        yield cgroup / "pids.max", str(limits.processes)
    if limits.cpus:
        yield cgroup / "cpu.max", f"{_quota_us(limits)} {_PERIOD_US}"
    if limits.memory_mb:
        yield cgroup / "memory.oom.group", "1"
        yield cgroup / "memory.swap.max", "0"
        yield cgroup / "memory.max", str(limits.memory_mb * _MB)


def _with_parent(cgroup: Path) -> list[Path]:
    """Steps share the CPU time of the parent that BuildKit has for them alone, if it has one."""
    return [cgroup, cgroup.parent] if cgroup.parent.name == "buildkit" else [cgroup]


def _quota_us(limits: Limits) -> int:
    return max(1000, int(limits.cpus * _PERIOD_US))  # the kernel takes no less


def counters(cgroups: Mapping[str, Path]) -> list[Path]:
    """The files in which the kernel counts hits of a limit; inotify tells of a change."""
    if "memory" in cgroups:
        return [cgroups["pids"] / "pids.events"]
    return [cgroups[""] / "pids.events", cgroups[""] / "memory.events"]


def has_hit(counter: Path) -> bool:
    """Whether a limit was hit that this file counts; False when its cgroup is gone."""
    wanted = {"pids.events": "max", "memory.events": "oom"}[counter.name]
    try:
        counts = dict(line.split() for line in counter.read_text().splitlines())
    except OSError:
        return False
    return counts.get(wanted, "0") != "0"


class OomNotice:
    """Tells when a version 1 cgroup runs out of memory, which inotify does not."""

    def __init__(self, cgroup: Path) -> None:
        self._cgroup = cgroup
        self._event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            with (cgroup / "memory.oom_control").open() as control:
                line = f"{self._event} {control.fileno()}"
                (cgroup / "cgroup.event_control").write_text(line)
        except OSError:
            self.close()
            raise

    def has_hit(self) -> bool:
        """Whether it has, since this was last asked."""
        with suppress(BlockingIOError):
            return os.eventfd_read(self._event) > 1 or not self.has_ended()
        return False

    def has_ended(self) -> bool:
        """Whether the cgroup is gone. Its end was a notice as well."""
        return not self._cgroup.exists()

    def fileno(self) -> int:
        """For a selector."""
        return self._event

    def close(self) -> None:
        """Give the kernel's notice back."""
        os.close(self._event)
