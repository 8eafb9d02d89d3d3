"""How git objects are read, also those of a push that is still in quarantine: by git itself.

Each reader is a process of its own under limits of memory and CPU, for what it reads was made
by strangers: a pack of 690 bytes can hold a tree of 10^8 files.
"""

import fcntl
import os
import re
import resource
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from releases.errors import PaasError

_MEMORY_BYTES = 1 << 30
_CPU_S = 600
_CHUNK_BYTES = 256 * 1024
_CHECK = ("cat-file", "--batch-check=%(objectname) %(objecttype)")
# Small windows onto the packs: git would map a pack as a whole, past the limit of memory.
_OPTIONS = (
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=128m",
    "core.bigFileThreshold=32m",
)

Content = Iterable[bytes]

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
    def contents(self, oids: Sequence[str]) -> Iterator[Iterator[Content]]:
        """The content of each blob in turn; each is to be read to its end before the next."""
        with self._git(["cat-file", "--batch", "--buffer"], oids) as process:
            answers = _pipe(process.stdout)
            yield (_content(answers, oid) for oid in oids)

    def kinds(self, oids: Sequence[str]) -> dict[str, str]:
        """The type of each object that is there: commit, tree, blob or tag.

        git looks at no more than it must: a commit may say that it has 10^9 bytes.
        """
        if not oids:
            return {}
        with self._git([*_CHECK, "--buffer"], oids) as process:
            lines = _pipe(process.stdout).read().decode().splitlines()
        if len(lines) != len(oids):
            raise UnreadableCommit("the objects that arrived cannot be read")
        found = dict(line.split(" ", 1) for line in lines)
        return {oid: kind for oid, kind in found.items() if kind != "missing"}

    def commit(self, name: str) -> str | None:
        """The commit that a branch, a tag, an id or the beginning of one names; None if none."""
        if not _COMMIT_NAME.fullmatch(name) or ".." in name:
            return None
        with self._git(_CHECK, [f"{name}^{{commit}}"]) as process:
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

    def said(self, arguments: Sequence[str], at_most_bytes: int) -> bytes | None:
        """What git prints, or its beginning; None where it fails, as on objects that are not there.

        The words are options and ids of ours: nobody else's may begin with a dash.
        """
        with self._git(arguments) as process:
            said = _pipe(process.stdout).read(at_most_bytes)
            is_whole = len(said) < at_most_bytes
            return None if is_whole and process.wait() != 0 else said

    @contextmanager
    def _git(
        self, arguments: Sequence[str], requests: Iterable[str] = ()
    ) -> Iterator[subprocess.Popen[bytes]]:
        options = [word for option in _OPTIONS for word in ("-c", option)]
        with os.fdopen(os.memfd_create("requests"), "w+b") as file:  # no pipe that both wait for
            file.writelines(f"{request}\n".encode() for request in requests)
            file.seek(0)
            process = subprocess.Popen(
                ["git", *options, *arguments],
                env=self._environment(),
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=_CHUNK_BYTES,
            )
        try:
            resource.prlimit(process.pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
            with suppress(PermissionError):  # a user has a limit for all pipes together
                fcntl.fcntl(_pipe(process.stdout), fcntl.F_SETPIPE_SZ, _CHUNK_BYTES)
            yield process
        finally:
            process.kill()
            for pipe in (process.stdout, process.stderr):
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


def _content(answers: IO[bytes], oid: str) -> Content:
    answer = answers.readline().split()
    if len(answer) != 3:
        raise UnreadableCommit(f"object {oid} cannot be read from the repository")
    size = int(answer[2])
    if size > _CHUNK_BYTES:
        return _chunks(answers, oid, size)
    content = answers.read(size + 1)  # with the newline behind it
    if len(content) <= size:
        raise _too_large(oid)
    return (content[:-1],)


def _chunks(answers: IO[bytes], oid: str, left: int) -> Iterator[bytes]:
    while left:
        chunk = answers.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise _too_large(oid)
        left -= len(chunk)
        yield chunk
    answers.read(1)


def _too_large(oid: str) -> UnreadableCommit:
    return UnreadableCommit(f"object {oid} is too large for this machine to read")


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("every git process is started with its three pipes")
    return pipe
