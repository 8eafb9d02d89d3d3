"""A code-only push until the new code answers, against the floor: the same steps without us.

    python -m bench.push [--rounds 7]

The floor is a plain `git push` to a bare repository over OpenSSH, a raw BuildKit
`docker build` of the same Dockerfile, `docker run` and the first answer. Rounds of both
alternate, so that a busy machine hurts both. Prints minimum, median and maximum.
"""

import argparse
import statistics
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.floor import Floor, floor
from tests.sample import Sample
from tests.whole import Whole, whole_platform

TARGET = 1.2


@dataclass
class Times:
    """Seconds by step, a list per step."""

    steps: dict[str, list[float]] = field(default_factory=dict)

    def add(self, step: str, seconds: float) -> None:
        """One more measurement."""
        self.steps.setdefault(step, []).append(seconds)

    def row(self, step: str) -> str:
        """Minimum, median and maximum in milliseconds."""
        values = [1000 * value for value in self.steps[step]]
        return f"{min(values):8.0f} {statistics.median(values):8.0f} {max(values):8.0f}"

    def median(self, step: str) -> float:
        """In seconds."""
        return statistics.median(self.steps[step])


def until(answers: Callable[[], bool]) -> None:
    """Return as soon as it answers so; five milliseconds between two tries."""
    deadline = time.monotonic() + 60
    while not answers():
        if time.monotonic() > deadline:
            raise TimeoutError("no answer within 60 s")
        time.sleep(0.005)


def body(url: str, headers: Mapping[str, str]) -> str:
    """What a GET is answered; nothing if it is not."""
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - http, to us
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - the same
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def push_to_us(whole: Whole, app: Sample, version: str, times: Times) -> None:
    """One code-only push, and where its time went, from the records of build and release."""
    app.commit({}, version)
    began, wall = time.monotonic(), time.time()
    done = whole.git(app.directory, "push", "-q", "paas", "master")
    if done.returncode:
        raise RuntimeError(done.stderr)
    url = f"http://127.0.0.1:{whole.settings.http_port}/"
    headers = {"Host": whole.settings.host(app.app)}
    until(lambda: body(url, headers).startswith(version))
    ended = wall + time.monotonic() - began
    store = whole.platform.store
    build, live = store.builds.list(app.app)[0], store.apps.get(app.app).live
    release, _ = store.releases.list(app.app)[0]
    assert live is not None
    marks = [
        ("login, pack, source tar", build.created_at),
        ("to the build worker", build.started_at),
        ("build", build.finished_at),
        ("to the release worker", release.created_at),
        ("start, healthy", live.flipped_at),
        ("flip, acknowledged, ref moved, answered", ended),
    ]
    for (step, mark), before in zip(marks, [wall, *(mark for _, mark in marks)], strict=False):
        times.add(step, mark - before)
    times.add("whole", ended - wall)


def push_to_floor(under: Floor, app: Sample, version: str, times: Times) -> None:
    """The same by hand."""
    app.commit({}, version)
    began = time.monotonic()
    under.push(app.directory)
    pushed = time.monotonic()
    under.build(app.directory)
    built = time.monotonic()
    address = under.run()
    ran = time.monotonic()
    until(lambda: body(f"http://{address}:5000/", {}).startswith(version))
    ended = time.monotonic()
    under.remove_container()
    for step, seconds in (
        ("git push over OpenSSH", pushed - began),
        ("docker build", built - pushed),
        ("docker run", ran - built),
        ("first answer", ended - ran),
        ("whole", ended - began),
    ):
        times.add(step, seconds)


def report(title: str, times: Times) -> None:
    """A table in milliseconds."""
    print(f"\n{title:<42}{'min':>8} {'median':>8} {'max':>8}  (ms)")
    for step in times.steps:
        print(f"  {step:<40}{times.row(step)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    ours, theirs = Times(), Times()
    with tempfile.TemporaryDirectory() as name, whole_platform() as whole:
        directory = Path(name)
        app = Sample.create(directory, "bench", "v0")
        other = Sample.create(directory, "floor", "v0")
        with floor(whole, directory) as under:
            push_to_us(whole, app, "warm", Times())
            push_to_floor(under, other, "warm", Times())
            for number in range(1, rounds + 1):
                push_to_floor(under, other, f"v{number}-", theirs)
                push_to_us(whole, app, f"v{number}-", ours)
        whole.ssh("apps:destroy", app.app, "--confirm", app.app)
    report("floor", theirs)
    report("paas", ours)
    ratio = ours.median("whole") / theirs.median("whole")
    each = [a / b for a, b in zip(ours.steps["whole"], theirs.steps["whole"], strict=True)]
    print(f"\nratio of the medians {ratio:.2f} (target at most {TARGET}),", end=" ")
    print(f"round by round {min(each):.2f} to {max(each):.2f}")


if __name__ == "__main__":
    main()
