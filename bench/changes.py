"""Rollbacks, config:set and scaling until the answer that they are for, against `docker run`.

    python -m bench.changes [--rounds 9]

Ours begins when the command has arrived at the front door (its line in the event log) and ends with
the first answer that the change is for. The floor is `docker run` of the same image and its first
answer; for scaling it is three of them at once. Rounds of all alternate, so that a busy machine
hurts all. Prints minimum, median and maximum, and the ratios.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.floor import docker
from bench.push import Times, body, report, until
from bench.runs import Runs
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import Whole, whole_platform

WARM_MS, WARM, COLD, SCALE = 150, 0.3, 1.25, 1.3


class Bench:
    """One app with two releases, and the same image run by hand."""

    def __init__(self, whole: Whole, app: Sample) -> None:
        self.whole = whole
        self.app = app
        self.runs = Runs(whole.settings.network, self._image())
        self.ours, self.floor = Times(), Times()

    def command(self, step: str, *words: str, seen: Callable[[], bool]) -> None:
        """Type a command; measure from its arrival until what it is for is seen."""
        with ThreadPoolExecutor(1) as pool:
            typed = pool.submit(self.whole.ssh, *words)
            until(seen)
            ended = time.time()
            done = typed.result()
        if done.returncode:
            raise RuntimeError(done.stderr)
        arrived = self.whole.platform.store.events.latest(1)[0].at
        self.ours.add(step, ended - arrived)

    def answer(self) -> str:
        """What the app answers through the router."""
        url = f"http://127.0.0.1:{self.whole.settings.http_port}/"
        return body(url, {"Host": self.whole.settings.host(self.app.app)})

    def roll_back(self, step: str) -> None:
        """To the other of the two releases."""
        before = self.answer()
        self.command(step, "rollback", self.app.app, seen=lambda: self.answer() not in ("", before))

    def wait_until_frozen(self) -> list[str]:
        """The ids of the containers that a rollback would thaw."""
        ours = ["--filter", f"label=paas.app={self.app.app}", "--filter", "status=paused"]
        found: list[str] = []

        def is_frozen() -> bool:
            found[:] = self.runs.call("ps", "-q", *ours).split()
            return bool(found)

        wait_for(is_frozen, "the release before to be frozen", 60)
        return found

    def round(self, number: int) -> None:
        """One of each."""
        self.runs.one(self.floor)
        self.wait_until_frozen()
        self.roll_back("warm rollback")
        self.runs.call("rm", "-f", *self.wait_until_frozen())
        self.roll_back("cold rollback")
        greeting = f"g{number}"
        words = ("config:set", self.app.app, f"GREETING={greeting}")
        self.command("config:set", *words, seen=lambda: greeting in self.answer())
        self.runs.three(self.floor)
        self.scale(3)
        self.scale(1)

    def scale(self, count: int) -> None:
        """Until the routes name so many."""
        app, routes = self.app.app, self.whole.platform.store.routes
        host = self.whole.settings.host(app)

        def are_routed() -> bool:
            route = routes.changes_since(0).routes[host]
            return route is not None and len(route.backends) == count

        step = f"scale to {count}"
        self.command(step, "ps:scale", app, f"web={count}", seen=are_routed)

    def _image(self) -> str:
        live = self.whole.platform.store.apps.get(self.app.app).live
        assert live
        return self.whole.platform.store.releases.get(self.app.app, live.release).artifact.image


def ratio(bench: Bench, ours: str, floor: str, target: float) -> None:
    """Of the medians, and of each round."""
    mine, theirs = bench.ours.steps[ours], bench.floor.steps[floor]
    each = [a / b for a, b in zip(mine, theirs, strict=True)]
    medians = statistics.median(mine) / statistics.median(theirs)
    rounds = f"{min(each):.2f} to {max(each):.2f}"
    print(f"  {ours:<16}{medians:5.2f} times {floor} ({rounds}; target at most {target})")


def push(whole: Whole, app: Sample, version: str) -> None:
    """One release."""
    if version != "one":
        app.commit({}, version)
    done = whole.git(app.directory, "push", "-q", "paas", "master")
    if done.returncode:
        raise RuntimeError(done.stderr)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    docker()
    with tempfile.TemporaryDirectory() as name, whole_platform() as whole:
        app = Sample.create(Path(name), "bench", "one")
        push(whole, app, "one")
        push(whole, app, "two")
        bench = Bench(whole, app)
        bench.round(0)
        bench.ours, bench.floor = Times(), Times()
        for number in range(1, rounds + 1):
            bench.round(number)
        whole.ssh("apps:destroy", app.app, "--confirm", app.app)
    report("floor", bench.floor)
    report("paas", bench.ours)
    print("\nratio of the medians")
    ratio(bench, "warm rollback", "docker run, answered", WARM)
    ratio(bench, "cold rollback", "docker run, answered", COLD)
    ratio(bench, "config:set", "docker run, answered", COLD)
    ratio(bench, "scale to 3", "three docker run", SCALE)
    print(f"  a warm rollback is to take at most {WARM_MS} ms")


if __name__ == "__main__":
    main()
