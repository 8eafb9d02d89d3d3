"""Many pushers at once: how long each waits against OpenSSH, and what waiting costs us.

    python -m bench.crowd [--rounds 3]

First 20 and then 100 tiny pushes to as many apps start together, at each server in turn; a
push that fails or moves no branch is counted as lost. Then 100 pushers wait on builds that
go on for a while and write two lines a second each: when a line reaches the pusher, what
the front door's process holds, and what it uses. Last one build of 20,000 lines.
"""

import argparse
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench import repositories
from bench.process_tree import threads, wait_until_childless, watched
from bench.repositories import ENVIRONMENT, TINY
from bench.rivals import Rival, our_door, rivals
from releases.log import DeployLog
from tests.services import wait_for

CROWDS = (20, 100)
WAITING = 100
_TURNS = 40
_TURN_S = 0.5
_FLOOD = 20_000
_MARK = "written at "


def push_together(rival: Rival, source: Path, apps: Sequence[str]) -> tuple[list[float], int]:
    """Push to every app at once; return the seconds of each, and how many were lost."""
    together = threading.Barrier(len(apps))

    def push(app: str) -> float:
        together.wait()
        began = time.monotonic()
        rival.git(source, "push", "-q", rival.url(app), "master")
        return time.monotonic() - began

    with ThreadPoolExecutor(len(apps)) as pool:
        pushes = [pool.submit(push, app) for app in apps]
    seconds = [push.result() for push in pushes if push.exception() is None]
    tip = repositories.git(source, "rev-parse", "master")
    heads = [rival.repositories / f"{app}.git" / "refs/heads/master" for app in apps]
    arrived = sum(head.exists() and head.read_text().strip() == tip for head in heads)
    return seconds, len(apps) - min(arrived, len(seconds))


def race(servers: Sequence[Rival], source: Path, crowd: int, rounds: int) -> None:
    """Rounds of all servers in turn; print what each pusher waited."""
    waited: dict[str, list[float]] = {rival.name: [] for rival in servers}
    lost, costs = dict.fromkeys(waited, 0), dict.fromkeys(waited, 0.0)
    for turn in range(rounds):
        for rival in servers[turn % len(servers) :] + servers[: turn % len(servers)]:
            apps = [f"crowd-{crowd}-{turn}-{number}" for number in range(crowd)]
            for app in apps:
                rival.prepare(app)
            before = rival.cpu_s()
            seconds, missing = push_together(rival, source, apps)
            wait_until_childless(rival.pid)
            costs[rival.name] += (rival.cpu_s() - before) / rounds
            waited[rival.name] += seconds
            lost[rival.name] += missing
    print(f"\n{crowd} pushes at once{'p50 s':>20}{'p99 s':>9}{'max s':>9}{'CPU s':>9}{'lost':>6}")
    for name, seconds in waited.items():
        middle, late = statistics.median(seconds), percentile(seconds, 99)
        print(
            f"  {name:<30}{middle:8.2f} {late:8.2f} {max(seconds):8.2f} "
            f"{costs[name]:8.2f} {lost[name]:5d}"
        )


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent stay under."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass
class Pusher:
    """One `git push` that waits, and how late each line reached it."""

    process: "subprocess.Popen[str]"
    late_s: list[float] = field(default_factory=list)

    def watch(self) -> None:
        """Read what git shows until it ends."""
        assert self.process.stderr
        for line in self.process.stderr:
            _, mark, written = line.partition(_MARK)
            if mark:
                self.late_s.append(time.time() - float(written.split()[0]))
        self.process.wait()


def wait_together(source: Path, near: Path) -> None:
    """Everyone waits on a build of their own that goes on for a while."""
    with our_door(near, "held") as door, watched(door.pid) as peaks:
        platform = door.platform
        assert platform
        apps = [f"long-{number}" for number in range(WAITING)]
        before = door.cpu_s()
        pushers = [Pusher(_start_push(door, source, app)) for app in apps]
        watching = [threading.Thread(target=pusher.watch) for pusher in pushers]
        for thread in watching:
            thread.start()
        builds = platform.store.builds
        wait_for(lambda: all(builds.list(app) for app in apps), "the builds", timeout_s=60)
        arrived = door.cpu_s()
        logs = [DeployLog(platform.store.logs, builds.list(app)[0].log) for app in apps]
        most = _write_slowly(logs, door)
        said = door.cpu_s()
        for log in logs:
            log.succeed("Deployed v1")
        for thread in watching:
            thread.join()
        late = [seconds for pusher in pushers for seconds in pusher.late_s]
        failed = sum(pusher.process.returncode != 0 for pusher in pushers)
    print(
        f"\n{WAITING} pushers wait on {WAITING} builds, {_TURNS} lines each in {_TURNS * _TURN_S:.0f} s"
    )
    print(f"  lines that arrived                {len(late)} of {WAITING * _TURNS}")
    print(
        f"  delay of a line, ms               p50 {1000 * statistics.median(late):.1f}, "
        f"p99 {1000 * percentile(late, 99):.1f}, max {1000 * max(late):.1f}"
    )
    print(f"  the front door's process          {peaks.own:.0f} MB, {most} threads")
    print(f"  with all git processes            {peaks.tree:.0f} MB anonymous")
    print(
        f"  CPU, Redis included               {arrived - before:.2f} s to come in, "
        f"{1000 * (said - arrived) / len(late):.2f} ms per line"
    )
    print(f"  pushes that failed                {failed}")


def _write_slowly(logs: Sequence[DeployLog], door: Rival) -> int:
    """Two lines a second into each log; return the most threads the door had."""
    pace, most = threading.Event(), 0
    for _ in range(_TURNS):
        due = time.monotonic() + _TURN_S
        for log in logs:
            log.detail(f"{_MARK}{time.time()} ")
        most = max(most, threads(door.pid))
        pace.wait(max(0.0, due - time.monotonic()))
    return most


def _start_push(rival: Rival, source: Path, app: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ["git", "push", rival.url(app), "master"],
        cwd=source,
        env={**ENVIRONMENT, "GIT_SSH_COMMAND": rival.ssh_command},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def flood(source: Path, near: Path) -> None:
    """One build that says much."""
    with our_door(near, "held") as door:
        platform = door.platform
        assert platform
        push = _start_push(door, source, "flood")
        builds = platform.store.builds
        wait_for(lambda: builds.list("flood"), "the build")
        log = DeployLog(platform.store.logs, builds.list("flood")[0].log)
        began, before = time.monotonic(), door.cpu_s()
        for start in range(0, _FLOOD, 500):
            log.detail(*(f"line {number} of a long build" for number in range(start, start + 500)))
        log.succeed("Deployed v1")
        shown = push.communicate()[1].count(" of a long build")
        wait_until_childless(door.pid)
        print(
            f"\none build of {_FLOOD} lines: {shown} arrived in {time.monotonic() - began:.2f} s, "
            f"CPU {door.cpu_s() - before:.2f} s, Redis included"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="paas-") as name:
        near = Path(name)
        source = repositories.make(near, TINY)
        with rivals(near) as servers:
            for crowd in CROWDS:
                race(servers, source, crowd, rounds)
        (near / "waiting").mkdir()
        wait_together(source, near / "waiting")
        (near / "flood").mkdir()
        flood(source, near / "flood")


if __name__ == "__main__":
    main()
