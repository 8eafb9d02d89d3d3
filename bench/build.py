"""Builds through a worker of ours against raw `docker build` (BuildKit) of the same Dockerfile.

    python -m bench.build [--rounds 7] [--files 30000] [--code-only]

Ours is measured from the request (the source tar is written then) to the end of the build's record,
with the python buildpack and packages from PyPI. Rounds of both alternate, and take turns in who is
first. Prints minimum, median and maximum, and where our time goes.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.workbench import INSTANCE, Source, Workbench, for_raw, raw_build, workbench

TARGET = 1.15
UNCHANGED_TARGET_MS = 50
# The first line keeps a run from what the engine cached in one before.
# psycopg2 has no wheel: it is compiled, unless the cache mount has what was compiled before.
PACKAGES = f"# {INSTANCE}\nflask==3.0.3\ngunicorn==22.0.0\npsycopg2==2.9.10\n"
MORE = (
    "tabulate",
    "toml",
    "six",
    "pytz",
    "attrs",
    "humanize",
    "inflection",
    "xmltodict",
    "wcwidth",
)
APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'{}']\n"
CACHE_MOUNT = "--mount=type=cache,target=/root/.cache "

Change = Callable[[int], Mapping[str, str]]  # round -> the files that it changes


@dataclass
class Times:
    """Seconds of both sides, and of our parts."""

    ours: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(default_factory=dict)


def measure(bench: Workbench, app: str, source: Source, times: Times) -> None:
    """One build of ours."""
    build, began, ended = bench.build(app, source)
    marks = {
        "source tar, record, queue": build.created_at - began,
        "until a worker begins": build.started_at - build.created_at,
        "build": build.finished_at - build.started_at,
        "until it is known": ended - build.finished_at,
    }
    times.ours.append(ended - began)
    for part, seconds in marks.items():
        times.parts.setdefault(part, []).append(seconds)


def compare(
    bench: Workbench, source: Source, name: str, dockerfile: str, change: Change, rounds: int
) -> Times:
    """Alternate, after a round that counts for nothing."""
    path = source.objects / f"{name}.Dockerfile"
    path.write_text(for_raw(dockerfile))
    times = Times()
    for number in range(rounds + 1):
        if number == 1:
            times = Times()
        source.commit(change(number))
        if number % 2:
            times.raw.append(raw_build(name, source, path))
        measure(bench, name, source, times)
        if not number % 2:
            times.raw.append(raw_build(name, source, path))
    return times


def row(values: list[float], scale: float = 1000) -> str:
    """Minimum, median and maximum."""
    values = [scale * value for value in values]
    form = "8.0f" if scale > 1 else "8.2f"
    return " ".join(
        f"{value:{form}}" for value in (min(values), statistics.median(values), max(values))
    )


def report(title: str, times: Times, target: float | None = None) -> None:
    """A table in milliseconds, and the ratios."""
    print(f"\n{title:<42}{'min':>8} {'median':>8} {'max':>8}  (ms)")
    print(f"  {'docker build':<40}{row(times.raw)}")
    print(f"  {'paas':<40}{row(times.ours)}")
    for part, values in times.parts.items():
        print(f"    {part:<38}{row(values)}")
    each = [ours / raw for ours, raw in zip(times.ours, times.raw, strict=True)]
    aim = f"  (target at most {target})" if target else ""
    print(f"  {'ratio, round by round':<40}{row(each, 1)}{aim}")
    medians = statistics.median(times.ours) / statistics.median(times.raw)
    print(f"  {'ratio of the medians':<40}{'':9}{medians:8.2f}")


def unchanged(bench: Workbench, source: Source, app: str, rounds: int) -> None:
    """The same commit asked for again."""
    times = []
    for _ in range(rounds):
        _, began, ended = bench.build(app, source)
        times.append(ended - began)
    print(f"\n{'unchanged commit':<42}{'min':>8} {'median':>8} {'max':>8}  (ms)")
    print(f"  {'paas':<40}{row(times)}  (target under {UNCHANGED_TARGET_MS})")


def code(number: int) -> Mapping[str, str]:
    """A change of code alone."""
    return {"app.py": APP.format(f"{number} {time.time()}")}


def dependency(number: int) -> Mapping[str, str]:
    """One package more than in the round before."""
    more = "".join(f"{name}\n" for name in MORE[: number + 1])
    return {"requirements.txt": PACKAGES + more}


def other_dependency(number: int) -> Mapping[str, str]:
    """The same under a comment: old engines take a layer for that of another cache mount."""
    return {"requirements.txt": "# no cache\n" + dependency(number)["requirements.txt"]}


def many_files(count: int) -> Mapping[str, str]:
    """A source of so many files, each of a few hundred bytes."""
    return {f"d{n % 100}/s{n % 1000 // 100}/f{n}.txt": f"file {n}\n" * 30 for n in range(count)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--files", type=int, default=30_000)
    parser.add_argument("--code-only", action="store_true", help="changes of code, any rounds")
    asked = parser.parse_args()
    if asked.rounds >= len(MORE) and not asked.code_only:
        parser.error(f"at most {len(MORE) - 1} rounds: there are no more packages to add")
    first = {"requirements.txt": PACKAGES, **code(0)}
    with tempfile.TemporaryDirectory() as name, workbench() as bench:
        directory = Path(name)
        small = Source.create(directory, "small", first)
        text = bench.dockerfile
        times = compare(bench, small, "code", text, code, asked.rounds)
        report("code alone changed", times, TARGET)
        if asked.code_only:
            return
        unchanged(bench, small, "code", asked.rounds)
        times = compare(bench, small, "dependency", text, dependency, asked.rounds)
        report("one dependency added", times, TARGET)
        plain = text.replace(CACHE_MOUNT, "")
        small.commit({"Dockerfile": plain})
        times = compare(bench, small, "uncached", plain, other_dependency, asked.rounds)
        report("one dependency added, no cache mount", times)
        large = Source.create(directory, "large", {**first, **many_files(asked.files)})
        times = compare(bench, large, "large", text, code, asked.rounds)
        report(f"one of {asked.files} files changed", times)


if __name__ == "__main__":
    main()
