"""What becomes of a branch whose deploy has ended, by what it is by then."""

from pathlib import Path

import pytest

from gitreceive.landing import land
from gitreceive.push import PushRefused, RefCommand
from gitreceive.repository import Repository
from tests.integration.builder import repository as made

pytestmark = pytest.mark.integration
MASTER = "refs/heads/master"


@pytest.fixture
def stored(tmp_path: Path) -> made.Repository:
    """A repository with the commits c0, c1 and c2 in a line, and one beside them."""
    stored = made.Repository(tmp_path / "myapp.git")
    tree = stored.tree()
    for name, parents in (("c0", []), ("c1", ["c0"]), ("c2", ["c1"]), ("other", ["c0"])):
        flags = [word for parent in parents for word in ("-p", parent)]
        stored.run("tag", name, stored.run("commit-tree", tree, *flags, "-m", name))
    return stored


def landed(stored: made.Repository, old: str, now: str, new: str) -> tuple[list[str], str]:
    """What git is told about a push of `new` over `old`, and the branch, which was at `now`."""
    named = {name: stored.run("rev-parse", name) for name in ("c0", "c1", "c2", "other")}
    if now:
        stored.run("update-ref", MASTER, named[now])
    command = RefCommand(named.get(old), named[new], MASTER)
    told = land(Repository(stored.path.parent, "myapp"), command)
    names = {commit: name for name, commit in named.items()}
    left = Repository(stored.path.parent, "myapp").ref(MASTER)
    return [names.get(line.split()[-1], line) for line in told], names.get(left or "", "")


@pytest.mark.parametrize(("old", "now"), [("", ""), ("c0", "c0"), ("c2", "c2"), ("other", "other")])
def test_git_moves_a_branch_that_is_what_the_pusher_knew(
    stored: made.Repository, old: str, now: str
) -> None:
    told = [f"ok {MASTER}", "option fall-through"]
    assert landed(stored, old, now, "c1") == (told, now)


@pytest.mark.parametrize("old", ["", "c0"])
def test_a_branch_moves_on_from_what_landed_before(stored: made.Repository, old: str) -> None:
    assert landed(stored, old, "c1", "c2") == ([f"ok {MASTER}", "c1"], "c2")


@pytest.mark.parametrize("now", ["c1", "c2"])
def test_a_branch_that_has_the_commit_already_stays(stored: made.Repository, now: str) -> None:
    assert landed(stored, "c0", now, "c1") == ([f"ok {MASTER}"], now)


@pytest.mark.parametrize("now", ["", "other"])
def test_a_branch_that_went_elsewhere_is_left_alone(stored: made.Repository, now: str) -> None:
    with pytest.raises(PushRefused, match="master has moved meanwhile"):
        landed(stored, "c0", now, "c1")


def test_a_branch_that_git_cannot_move_is_no_success(stored: made.Repository) -> None:
    stored.run("update-ref", MASTER, stored.run("rev-parse", "c1"))
    (stored.path / f"{MASTER}.lock").touch()
    with pytest.raises(PushRefused, match="master has moved meanwhile"):
        landed(stored, "c0", "", "c2")
