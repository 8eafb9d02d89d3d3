"""What a refused push brought is gone: not on disk, not in a ref, not to be fetched."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitreceive.limits import Limits
from releases.errors import PaasError
from tests.integration.gitreceive.conftest import OPEN
from tests.integration.gitreceive.front_door import Door, HeldBuild, fail

pytestmark = pytest.mark.integration

Words = list[str]


def failed_build(door: Door, work: Path) -> Words:
    door.builder.script = fail("no luck")
    return ["master"]


def unbuildable_tree(door: Door, work: Path) -> Words:
    door.builder.error = PaasError("two files of one name")
    return ["master"]


def bug(door: Door, work: Path) -> Words:
    door.builder.error = ZeroDivisionError()
    return ["master"]


def unknown_option(door: Door, work: Path) -> Words:
    return ["-o", "nope", "master"]


def redeploy_of_nothing(door: Door, work: Path) -> Words:
    return ["-o", "redeploy", "master:topic"]


def two_that_deploy(door: Door, work: Path) -> Words:
    return ["master", "master:main"]


def hidden_ref(door: Door, work: Path) -> Words:
    return ["master:refs/paas/x"]


def strange_namespace(door: Door, work: Path) -> Words:
    return ["master:refs/notes/x", "master:topic"]


def tree_as_a_branch(door: Door, work: Path) -> Words:
    return ["HEAD^{tree}:refs/heads/topic"]


def folder_and_file(door: Door, work: Path) -> Words:
    return ["master:there/below", "master"]


def deletion_of_what_runs(door: Door, work: Path) -> Words:
    door.go_live()
    return [":master", "HEAD:topic"]


def evil_tree(door: Door, work: Path) -> Words:
    blob = door.git(work, "hash-object", "-w", "file").out.strip()
    (work / "tree").write_bytes(b"100644 .GIT\0" + bytes.fromhex(blob))
    written = ["hash-object", "-t", "tree", "--literally", "-w", "tree"]
    tree = door.git(work, *written).out.strip()
    commit = door.git(work, "commit-tree", tree, "-m", "evil").out.strip()
    return [f"{commit}:refs/heads/topic"]


def too_large(door: Door, work: Path) -> Words:
    (work / "big").write_bytes(os.urandom(3_000_000))
    door.commit(work, "big")
    return ["master"]


def backwards_with_a_tag(door: Door, work: Path) -> Words:
    door.builder.script = fail("no luck")
    door.git(work, "tag", "-a", "-m", "new", "v2")
    return ["--atomic", "master", "v2"]


KINDS: list[Callable[[Door, Path], Words]] = [
    failed_build,
    unbuildable_tree,
    bug,
    unknown_option,
    redeploy_of_nothing,
    two_that_deploy,
    hidden_ref,
    strange_namespace,
    tree_as_a_branch,
    folder_and_file,
    deletion_of_what_runs,
    evil_tree,
    too_large,
    backwards_with_a_tag,
]


def state(door: Door) -> tuple[list[str], str, str]:
    """Files of objects, git's own count of objects, and the refs."""
    repository = door.repository()
    objects = door.git(repository, "cat-file", "--batch-check", "--batch-all-objects").out
    return door.packs(), objects, door.git(repository, "for-each-ref").out


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_refused_push_leaves_the_repository_as_it_was(
    open_with: OPEN, kind: Callable[[Door, Path], Words]
) -> None:
    door = open_with(Limits(push_bytes=1_000_000))
    work = door.checkout()
    assert door.git(work, "push", "paas", "master", "master:there").status == 0
    door.wait_idle()
    before = state(door)
    brought = door.commit(work, "second")
    pushed = door.git(work, "push", "paas", *kind(door, work))
    assert pushed.status == 1, pushed.text
    door.wait_idle()
    assert state(door) == before
    fetched = door.git(work, "fetch", "--refetch", "paas", brought)
    assert fetched.status == 128
    assert "not our ref" in fetched.err


def test_the_loser_of_a_race_leaves_nothing(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    door.git(door.home, "clone", "-q", door.url("myapp"), "copy")
    held = HeldBuild()
    door.builder.script = held
    door.commit(work, "winner")
    winner = door.start_git(work, "push", "paas", "master")
    assert held.started.wait(20)
    lost = door.commit(door.home / "copy", "loser")
    loser = door.git(door.home / "copy", "push", "origin", "master")
    held.go.set()
    winner.communicate(timeout=20)
    assert (winner.returncode, loser.status) == (0, 1)
    assert "is being deployed and is not in yours" in loser.text
    door.wait_idle()
    assert lost not in state(door)[1]
