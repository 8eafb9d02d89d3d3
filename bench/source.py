"""The source tar against `git archive` of the same commit: wall time and CPU.

    python -m bench.source [--files 30000] [--rounds 7]

Both write a tar of one commit to a file, in turn. CPU is that of the process and of the git
processes it starts. Prints minimum, median and maximum, and the ratio of each round.
"""

import argparse
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from builder.source.archive import write_source
from builder.source.objects import Objects
from builder.source.tree import Limits

_LIMITS = Limits(entries=1_000_000, total_bytes=1 << 40)


def repository(path: Path, files: int, mean_bytes: int) -> str:
    """A bare repository with one commit of so many files, packed; return the commit."""
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    with subprocess.Popen(
        ["git", f"--git-dir={path}", "fast-import", "--quiet"], stdin=subprocess.PIPE
    ) as importing:
        if importing.stdin:
            importing.stdin.writelines(_stream(files, mean_bytes))
            importing.stdin.close()
    found = subprocess.run(
        ["git", f"--git-dir={path}", "rev-parse", "refs/heads/master"],
        check=True,
        capture_output=True,
        text=True,
    )
    return found.stdout.strip()


def _stream(files: int, mean_bytes: int) -> Iterator[bytes]:
    chance = random.Random(files)  # noqa: S311 - the same repository each time
    words = [chance.randbytes(chance.randrange(1, 6)).hex() for _ in range(3000)]
    yield b"commit refs/heads/master\ncommitter a <a@example.org> 0 +0000\ndata 1\nx\n"
    for number in range(files):
        count = 1 + int(chance.expovariate(1 / mean_bytes)) // 7
        content = f"{number} {' '.join(chance.choices(words, k=count))}\n".encode()
        name = f"src/d{number % 97}/s{number % 7}/file-{number}.py"
        yield b"M 100644 inline %b\ndata %d\n%b\n" % (name.encode(), len(content), content)


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    before, began = os.times(), time.monotonic()
    work()
    wall_s, after = time.monotonic() - began, os.times()
    return wall_s, sum(after[:4]) - sum(before[:4])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=30_000)
    parser.add_argument("--mean-bytes", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="paas-") as name:
        near = Path(name)
        commit = repository(near / "app.git", options.files, options.mean_bytes)
        archive = ["git", f"--git-dir={near / 'app.git'}", "archive", "--format=tar", commit]
        archive += ["-o", str(near / "theirs.tar")]
        rivals: dict[str, Callable[[], object]] = {
            "git archive": lambda: subprocess.run(archive, check=True),
            "source tar": lambda: write_source(
                Objects(near / "app.git"), commit, near / "ours.tar", _LIMITS
            ),
        }
        taken: dict[str, list[tuple[float, float]]] = {rival: [] for rival in rivals}
        for _ in range(options.rounds + 1):
            for rival, work in rivals.items():
                taken[rival].append(measured(work))
        _report({rival: rounds[1:] for rival, rounds in taken.items()})


def _report(taken: dict[str, list[tuple[float, float]]]) -> None:
    for place, kind in enumerate(("wall", "CPU")):
        for rival, rounds in taken.items():
            values = [one[place] for one in rounds]
            spread = f"{min(values):.3f} {statistics.median(values):.3f} {max(values):.3f}"
            print(f"{rival:<12} {kind:<4} s  {spread}")
        theirs, ours = (
            [one[place] for one in taken[rival]] for rival in ("git archive", "source tar")
        )
        ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
        shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"ratio {kind}: {shown}, median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
