"""The front door alone against OpenSSH with `git receive-pack`: wall, server CPU, memory.

    python -m bench.front_door [--rounds 5] [--without-large]

Three servers on this machine take the same pushes and clones in turn: ours with builds that
take no time, OpenSSH with the same git settings, key exchange and cipher as ours, and OpenSSH
and git as they come. CPU is that of the server and all it started (ours: with Redis). The
first round measures memory and warms up, and is not timed. Prints minimum, median, maximum
and the ratios of the medians.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import repositories
from bench.process_tree import Peaks, wait_until_childless, watched
from bench.repositories import LARGE, MIDDLE, TINY, Size
from bench.rivals import Rival, rivals

TARGET = 1.15
OWN_MB = 80.0
_SMALL = 10  # so many times in one measurement, for the kernel counts CPU in ticks of 10 ms

Work = Callable[[], object]


@dataclass
class Measured:
    """One operation at one server: a value per round."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peaks: Peaks = field(default_factory=Peaks)


@dataclass
class Bench:
    """What was measured so far: operation -> server -> values."""

    table: dict[str, dict[str, Measured]] = field(default_factory=dict)
    warm: bool = False

    def measure(self, operation: str, rival: Rival, work: Sequence[Work]) -> None:
        """Do the work; count the mean of its parts, or its peaks in the first round."""
        measured = self.table.setdefault(operation, {}).setdefault(rival.name, Measured())
        if not self.warm:
            with watched(rival.pid) as measured.peaks:
                _do(work)
                wait_until_childless(rival.pid)
            return
        cpu_before, began = rival.cpu_s(), time.monotonic()
        _do(work)
        measured.wall_s.append((time.monotonic() - began) / len(work))
        wait_until_childless(rival.pid)
        measured.cpu_s.append((rival.cpu_s() - cpu_before) / len(work))


def _do(work: Sequence[Work]) -> None:
    for part in work:
        part()


def tiny(bench: Bench, rival: Rival, source: Path, turn: int) -> None:
    """First pushes to new apps, and a follow-up to each."""
    apps = [f"tiny-{turn}-{number}" for number in range(_SMALL)]
    for app in apps:
        rival.prepare(app)
    first, second = "master^:refs/heads/master", "master"

    def push(app: str, what: str) -> Work:
        return lambda: rival.git(source, "push", "-q", rival.url(app), what)

    bench.measure("tiny push", rival, [push(app, first) for app in apps])
    bench.measure("tiny follow-up", rival, [push(app, second) for app in apps])
    for app in apps:
        rival.remove(app)


def history(bench: Bench, rival: Rival, size: Size, source: Path, turn: int, near: Path) -> None:
    """The whole push, small ones on top of it, a clone, and small fetches by clones."""
    app, url = f"app-{turn}", rival.url(f"app-{turn}")
    rival.prepare(app)
    tips = repositories.git(source, "rev-list", f"-{_SMALL + 1}", "--first-parent", "master")
    base, *later = reversed(tips.split())

    copy = near / "copy.git"

    def push(commit: str) -> Work:
        return lambda: rival.git(source, "push", "-q", url, f"{commit}:refs/heads/master")

    def fetch(commit: str) -> Work:
        return lambda: rival.git(copy, "fetch", "-q", url, f"{commit}:refs/heads/master")

    bench.measure(f"push of {size.name}", rival, [push(base)])
    bench.measure(
        f"clone of {size.name}",
        rival,
        [lambda: rival.git(near, "clone", "-q", "--bare", url, str(copy))],
    )
    bench.measure(f"follow-up to {size.name}", rival, [push(commit) for commit in later])
    bench.measure(f"fetch from {size.name}", rival, [fetch(commit) for commit in later])
    rival.remove(app)
    shutil.rmtree(copy)


def report(bench: Bench) -> None:
    """A table per operation, and what misses the targets."""
    missed = []
    for operation, by_rival in bench.table.items():
        print(f"\n{operation:<36}{'wall s':^26}{'CPU s':^26}{'peak MB':>14}")
        for name, measured in by_rival.items():
            peaks = f"{measured.peaks.own:6.0f} {measured.peaks.tree:6.0f}"
            print(f"  {name:<34}{_spread(measured.wall_s)}{_spread(measured.cpu_s)} {peaks}")
        ours, *others = by_rival
        for other in others:
            wall, cpu = _ratios(by_rival[ours], by_rival[other])
            print(f"  ratio to {other:<25}{wall:>17.2f}{cpu:>26.2f}")
            if other == others[0] and max(wall, cpu) > TARGET:
                missed.append(f"{operation}: wall {wall:.2f}, CPU {cpu:.2f}")
        if by_rival[ours].peaks.own > OWN_MB:
            missed.append(f"{operation}: {by_rival[ours].peaks.own:.0f} MB")
    print(f"\nabove {TARGET} times OpenSSH with the same settings, or {OWN_MB:.0f} MB of our own:")
    print("\n".join(f"  {line}" for line in missed or ["nothing"]))


def _spread(values: Sequence[float]) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{low:8.3f} {middle:8.3f} {high:8.3f}"


def _ratios(ours: Measured, other: Measured) -> tuple[float, float]:
    wall = statistics.median(ours.wall_s) / statistics.median(other.wall_s)
    return wall, statistics.median(ours.cpu_s) / statistics.median(other.cpu_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-large", action="store_true", help="minutes less")
    options = parser.parse_args()
    bench = Bench()
    with tempfile.TemporaryDirectory(prefix="paas-") as name:
        near = Path(name)
        sizes = [MIDDLE] if options.without_large else [MIDDLE, LARGE]
        sources = {size: _source(near, size) for size in [TINY, *sizes]}
        with rivals(near) as servers:
            for turn in range(options.rounds + 1):
                order = servers[turn % len(servers) :] + servers[: turn % len(servers)]
                for rival in order:
                    tiny(bench, rival, sources[TINY], turn)
                for size in sizes:
                    for rival in order:
                        history(bench, rival, size, sources[size], turn, near)
                bench.warm = True
    report(bench)


def _source(directory: Path, size: Size) -> Path:
    path = repositories.make(directory, size)
    count, megabytes = repositories.objects(path)
    print(f"{size.name}: {count} objects, {megabytes:.1f} MB packed", flush=True)
    for number in range(_SMALL):
        repositories.add_commit(path, f"change {number}")
    return path


if __name__ == "__main__":
    main()
