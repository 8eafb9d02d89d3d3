"""How git objects are read, also those of a push that is still in quarantine: by git itself.

Each reader is a process of its own under limits of memory and CPU, for what it reads was made
by strangers: a pack of 690 bytes can hold a tree of 10^8 files.
"""

import re
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from releases.errors import PaasError

_MEMORY_BYTES = 1 << 30
_CPU_S = 600
_CHUNK_BYTES = 256 * 1024
_REQUESTS = 400  # asked for at once: fewer bytes than a pipe holds, so that no side waits for both
# Small windows onto the packs: git would map a pack as a whole, past the limit of memory.
_OPTIONS = (
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=128m",
    "core.bigFileThreshold=32m",
)


# No more of git's language for naming things: some of it searches through all history.
_COMMIT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,249}")


class UnreadableCommit(PaasError):
    """The commit, or an object it needs, is not in the repository."""


@dataclass(frozen=True)
class Objects:
    """The objects of a bare repository, and those in `quarantine` (git's own directory of it).

    `beside` is another push's quarantine: its objects are only looked at.
    """

    repository: Path
    quarantine: Path | None = None
    beside: Path | None = None

    @contextmanager
    def tree(self, commit: str) -> Iterator[IO[bytes]]:
        """All entries below the commit, as `git ls-tree -r -t -l -z` says it.

        Whoever has read enough leaves, and git is ended.
        """
        arguments = ["ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit]
        with self._git(arguments) as process:
            yield _pipe(process.stdout)
            if process.wait() != 0:
                said = _pipe(process.stderr).read(400).decode("utf-8", "replace").strip()
                raise UnreadableCommit(f"commit {commit} cannot be read: {said.splitlines()[0]}")

    @contextmanager
    def blobs(self) -> Iterator["Blobs"]:
        """A reader of contents."""
        with self._git(["cat-file", "--batch"]) as process:
            yield Blobs(_pipe(process.stdin), _pipe(process.stdout))

    def kinds(self, oids: Sequence[str]) -> dict[str, str]:
        """The type of each object that is there: commit, tree, blob or tag.

        git looks at no more than it must: a commit may say that it has 10^9 bytes.
        """
        found: dict[str, str] = {}
        if not oids:
            return found
        with self._git(["cat-file", "--batch-check=%(objectname) %(objecttype)"]) as process:
            for first in range(0, len(oids), _REQUESTS):
                asked = oids[first : first + _REQUESTS]
                _ask(_pipe(process.stdin), asked)
                for _ in asked:
                    oid, _, kind = _pipe(process.stdout).readline().decode().strip().partition(" ")
                    if not kind:
                        raise UnreadableCommit("the objects that arrived cannot be read")
                    found[oid] = kind
        return {oid: kind for oid, kind in found.items() if kind != "missing"}

    def commit(self, name: str) -> str | None:
        """The commit that a branch, a tag, an id or the beginning of one names; None if none."""
        if not _COMMIT_NAME.fullmatch(name) or ".." in name:
            return None
        with self._git(["cat-file", "--batch-check=%(objectname) %(objecttype)"]) as process:
            _ask(_pipe(process.stdin), [f"{name}^{{commit}}"])
            answer = _pipe(process.stdout).readline().decode().split()
        return answer[0] if answer[1:] == ["commit"] else None

    def contains(self, commit: str, other: str) -> bool:
        """Whether `other` is in the history of a commit; not if one of the two is not there."""
        with self._git(["merge-base", "--is-ancestor", other, commit]) as process:
            return process.wait() == 0

    def changed(self, old: str, new: str, at_most: int) -> tuple[str, ...] | None:
        """The first paths, in git's order, that differ between two commits.

        None where one of the commits is not there (any more).
        """
        arguments = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new]
        paths: list[bytes] = []
        with self._git(arguments) as process:
            rest = b""
            while len(paths) < at_most:
                chunk = _pipe(process.stdout).read(_CHUNK_BYTES)
                if not chunk:
                    if process.wait() != 0:
                        return None
                    break
                *more, rest = (rest + chunk).split(b"\0")
                paths += more
        return tuple(path.decode("utf-8", "replace") for path in paths[:at_most])

    @contextmanager
    def _git(self, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        options = [word for option in _OPTIONS for word in ("-c", option)]
        process = subprocess.Popen(
            ["git", *options, *arguments],
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=_CHUNK_BYTES,
        )
        try:
            resource.prlimit(process.pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
            yield process
        finally:
            process.kill()
            for pipe in (process.stdin, process.stdout, process.stderr):
                _pipe(pipe).close()
            process.wait()

    def _environment(self) -> dict[str, str]:
        environment = {
            "GIT_DIR": str(self.repository),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        objects = self.repository / "objects"
        own, *others = (path for path in (self.quarantine, objects, self.beside) if path)
        environment["GIT_OBJECT_DIRECTORY"] = str(own)
        environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(map(str, others))
        return environment


class Blobs:
    """A running `git cat-file --batch`."""

    def __init__(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        self._requests = requests
        self._answers = answers

    def read(self, oids: Sequence[str]) -> Iterator[Iterator[bytes]]:
        """The content of each blob in turn, in chunks. Read each to its end before the next."""
        for first in range(0, len(oids), _REQUESTS):
            asked = oids[first : first + _REQUESTS]
            _ask(self._requests, asked)
            for oid in asked:
                yield self._content(oid)

    def _content(self, oid: str) -> Iterator[bytes]:
        answer = self._answers.readline().split()
        if len(answer) != 3:
            raise UnreadableCommit(f"object {oid} cannot be read from the repository")
        left = int(answer[2])
        while left:
            chunk = self._answers.read(min(left, _CHUNK_BYTES))
            if not chunk:
                raise UnreadableCommit(f"object {oid} is too large for this machine to read")
            left -= len(chunk)
            yield chunk
        self._answers.read(1)  # the newline after each content


def _ask(requests: IO[bytes], oids: Sequence[str]) -> None:
    requests.write("".join(f"{oid}\n" for oid in oids).encode())
    requests.flush()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("every git process is started with its three pipes")
    return pipe
