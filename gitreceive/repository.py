"""Where an app's bare repository lives, how it is made, and what we read in it (by dulwich)."""

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from dulwich.refs import DiskRefsContainer, Ref
from dulwich.repo import Repo

from gitreceive.refs import RefNames

HEADS = "refs/heads/"
TAGS = "refs/tags/"
# A push to one of these deploys.
DEPLOY_BRANCHES = ("main", "master")

_LEFT_BEHIND = "objects/tmp_objdir-incoming-*"


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
        Repo.init_bare(fresh, default_branch=DEPLOY_BRANCHES[0].encode()).close()
        try:
            fresh.rename(self.path)
        except OSError:  # another push was first: a directory with files is not replaced
            shutil.rmtree(fresh)

    def ref(self, name: str) -> str | None:
        """The object a ref names now, as 40 hex digits."""
        return RefNames(self.path).get(name)

    def point_head(self, ref: str) -> None:
        """Let HEAD name the first deployed branch, or a clone would check out nothing."""
        refs = DiskRefsContainer(self.path)
        target = (refs.read_loose_ref(Ref(b"HEAD")) or b"").removeprefix(b"ref: ").strip()
        if self.ref(os.fsdecode(target)) is None:
            refs.set_symbolic_ref(Ref(b"HEAD"), _ref(ref))


def sweep(repositories: Path) -> None:
    """Remove what pushes left behind when this process or git was killed; nobody reads it."""
    for left in repositories.glob(f"*.git/{_LEFT_BEHIND}"):
        with suppress(FileNotFoundError):
            shutil.rmtree(left)
    for unfinished in repositories.glob(".*.git.*"):
        with suppress(FileNotFoundError):
            shutil.rmtree(unfinished)


def _ref(name: str) -> Ref:
    return Ref(os.fsencode(name))
