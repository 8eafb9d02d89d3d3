"""Where an app's bare repository lives, how it is made, and what we read in it (by dulwich)."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dulwich.refs import DiskRefsContainer, Ref
from dulwich.repo import Repo

from builder.source.objects import Objects
from gitreceive.git import environment
from gitreceive.refs import RefNames

HEADS = "refs/heads/"
TAGS = "refs/tags/"

# What a push and a repack leave when they are killed.
_LEFT_BEHIND = ("objects/tmp_objdir-incoming-*", "objects/pack/.tmp-*", "objects/pack/tmp_*")


class Repository:
    """One app's repository on disk. Only git itself moves its refs."""

    def __init__(self, repositories: Path, app: str) -> None:
        self.app = app
        self.path = repositories / f"{app}.git"

    @property
    def exists(self) -> bool:
        """Whether anything was ever pushed to the app."""
        return (self.path / "HEAD").exists()

    def ensure(self) -> None:
        """Make an empty repository where there is none; whole or not at all."""
        if self.exists:
            return
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        fresh.mkdir(parents=True, mode=0o700)
        Repo.init_bare(fresh, default_branch=b"main").close()
        try:
            fresh.rename(self.path)
        except OSError:  # another push was first: a directory with files is not replaced
            shutil.rmtree(fresh)

    def ref(self, name: str) -> str | None:
        """The object a ref names now, as 40 hex digits."""
        return RefNames(self.path).get(name)

    def move(self, ref: str, old: str, new: str) -> bool:
        """Let git move a ref; False, and nothing was done, where it is not `old` (any more)."""
        command = ["git", f"--git-dir={self.path}", "update-ref", ref, new, old]
        done = subprocess.run(
            command, env=environment(None, {}), stderr=subprocess.DEVNULL, check=False
        )
        return done.returncode == 0

    @property
    def head(self) -> str:
        """The branch that HEAD names, whether there is one of that name or not."""
        found = DiskRefsContainer(self.path).read_loose_ref(Ref(b"HEAD")) or b""
        return os.fsdecode(found.removeprefix(b"ref: ").strip()).removeprefix(HEADS)

    def point_head(self, branch: str, branches: Sequence[str]) -> None:
        """Let HEAD name a branch that deploys, or a clone would check out nothing.

        Where it names one of `branches` already, and that one is there, it stays.
        """
        head = self.head
        if head not in branches or self.ref(f"{HEADS}{head}") is None:
            DiskRefsContainer(self.path).set_symbolic_ref(Ref(b"HEAD"), _ref(f"{HEADS}{branch}"))

    def size_bytes(self) -> int:
        """What its objects take on disk."""
        total = 0
        for path in (self.path / "objects").rglob("*"):
            with suppress(FileNotFoundError):  # git may be at work in there
                total += path.lstat().st_size
        return total

    def find_commit(self, name: str) -> str | None:
        """The stored commit that a person means by a tag, a SHA or the beginning of one."""
        return Objects(self.path).commit(name) if self.exists else None


def sweep(repositories: Path) -> None:
    """Remove what pushes left behind when this process or git was killed; nobody reads it."""
    for pattern in _LEFT_BEHIND:
        for left in repositories.glob(f"*.git/{pattern}"):
            with suppress(FileNotFoundError):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
    for unfinished in repositories.glob(".*.git.*"):
        with suppress(FileNotFoundError):
            shutil.rmtree(unfinished)


def _ref(name: str) -> Ref:
    return Ref(os.fsencode(name))
