"""Repositories to push: the same bytes in every run, made by `git fast-import`."""

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FILES_PER_COMMIT = 4
_STARTED = 1_700_000_000  # seconds since 1970; a commit per second from then on
_PEOPLE = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"), ("DATE", f"{_STARTED} +0000"))
}
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **_PEOPLE,
}


@dataclass(frozen=True)
class Size:
    """How much history. A commit makes about 13.8 objects; half of `file_bytes` compresses away."""

    name: str
    commits: int
    file_bytes: int


TINY = Size("tiny", 1, 600)
MIDDLE = Size("20,000 objects", 1_450, 600)
LARGE = Size("300,000 objects, 150 MB", 21_750, 2_400)


def make(directory: Path, size: Size) -> Path:
    """A bare repository whose `master` has that much history."""
    path = directory / f"{size.commits}.git"
    git(directory, "init", "-q", "--bare", "-b", "master", str(path))
    command = ["git", "-C", str(path), "fast-import", "--quiet", "--done"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=ENVIRONMENT) as importer:
        assert importer.stdin
        importer.stdin.writelines(_history(size))
    if importer.returncode:
        raise RuntimeError("git fast-import failed")
    return path


def add_commit(repository: Path, text: str) -> str:
    """One more commit on `master` that changes one file; return its id."""
    content = text.encode()
    stream = b"".join([*_head(0, parent=b"refs/heads/master^0"), _file("d0/s0/f0", content)])
    command = ["git", "-C", str(repository), "fast-import", "--quiet", "--force"]
    subprocess.run(command, input=stream, env=ENVIRONMENT, check=True)
    return git(repository, "rev-parse", "master")


def objects(repository: Path) -> tuple[int, float]:
    """How many, and how many megabytes they take packed."""
    words = git(repository, "count-objects", "-v").replace(":", "").split()
    counts = dict(zip(words[::2], words[1::2], strict=True))
    return int(counts["in-pack"]) + int(counts["count"]), int(counts["size-pack"]) / 1024


def git(directory: Path, *words: str, **environment: str) -> str:
    """Run git with nobody's configuration; return what it printed. RuntimeError if it failed."""
    done = subprocess.run(
        ["git", *words],
        cwd=directory,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"git {words[0]} failed: {done.stderr}")
    return done.stdout.strip()


def _history(size: Size) -> Iterator[bytes]:
    chance = random.Random(size.commits)  # noqa: S311 - the same bytes in every run, no secret
    for number in range(size.commits):
        yield from _head(number)
        for turn in range(_FILES_PER_COMMIT):
            name = f"d{chance.randrange(40)}/s{turn % 3}/f{chance.randrange(40)}"
            yield _file(name, chance.randbytes(size.file_bytes // 2).hex().encode())
    yield b"done\n"


def _head(number: int, parent: bytes | None = None) -> list[bytes]:
    lines = [
        b"commit refs/heads/master\n",
        b"committer a <a@example.org> %d +0000\n" % (_STARTED + number),
        b"data 5\nwork\n",
    ]
    return [*lines, b"from %b\n" % parent] if parent else lines


def _file(name: str, content: bytes) -> bytes:
    return b"M 644 inline %b\ndata %d\n%b\n" % (name.encode(), len(content), content)
