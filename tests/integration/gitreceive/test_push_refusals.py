"""Pushes that are refused: the line that says why, and what is left (nothing)."""

import os
import signal
import threading

import pytest

from gitreceive.limits import Limits
from releases.errors import PaasError
from releases.log import DeployLog
from tests.integration.gitreceive.conftest import OPEN
from tests.integration.gitreceive.front_door import Door, HeldBuild, fail, run, succeed

pytestmark = pytest.mark.integration


def test_failed_build_rejects_the_branch_with_its_one_line(door: Door) -> None:
    work = door.checkout()
    door.builder.script = fail("the build failed: pip found no version of flask 99")
    pushed = door.git(work, "push", "paas", "master")
    assert pushed.status == 1
    reason = "(the build failed: pip found no version of flask 99)"
    assert f"! [remote rejected] master -> master {reason}" in pushed.err
    assert door.remote(work) == ""


def test_nothing_of_a_rejected_push_stays_and_the_same_push_may_succeed_later(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    before = door.packs()
    door.commit(work, "second")
    door.builder.script = fail("no")
    assert door.git(work, "push", "paas", "master").status == 1
    door.wait_idle()
    assert door.packs() == before
    door.builder.script = succeed
    assert door.git(work, "push", "paas", "master").status == 0
    assert door.remote(work) == door.head(work)


def test_the_reason_is_one_bounded_line_and_the_whole_of_it_is_shown_above(door: Door) -> None:
    work = door.checkout()
    door.builder.script = fail("it \x1b[31mfailed\r\n" + "because " * 60 + "END")
    pushed = door.git(work, "push", "--porcelain", "paas", "master")
    [rejected] = [line for line in pushed.out.splitlines() if line.startswith("!")]
    assert "(it failed because" in rejected
    assert len(rejected) < 300
    assert "\x1b" not in rejected
    assert "because END" in pushed.err


def test_a_failed_build_rejects_the_tags_of_the_same_push_too(door: Door) -> None:
    work = door.checkout()
    door.git(work, "tag", "v1")
    door.builder.script = fail("no luck")
    pushed = door.git(work, "push", "paas", "master", "v1")
    assert pushed.err.count("(no luck)") == 2
    assert door.remote(work, "refs/tags/v1") == ""


def test_a_tree_that_cannot_be_built_is_refused_by_the_builder(door: Door) -> None:
    work = door.checkout()
    door.builder.error = PaasError("the tree has 2 files of one name")
    pushed = door.git(work, "push", "paas", "master")
    assert "(the tree has 2 files of one name)" in pushed.err
    assert pushed.status == 1


def test_a_bug_is_told_by_reference_only(door: Door) -> None:
    work = door.checkout()
    door.builder.error = ZeroDivisionError("secret detail")
    pushed = door.git(work, "push", "paas", "master")
    assert "(internal error, reference " in pushed.err
    assert "secret" not in pushed.err


def test_main_and_master_in_one_push_are_refused(door: Door) -> None:
    work = door.checkout()
    door.git(work, "branch", "main")
    pushed = door.git(work, "push", "paas", "master", "main")
    assert pushed.status == 1
    assert pushed.err.count("main and master both deploy; push one of them at a time") == 2
    assert door.builder.requests == []


def test_the_deploy_branch_of_a_live_app_cannot_be_deleted(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    door.go_live()
    pushed = door.git(work, "push", "paas", ":master")
    assert pushed.status == 1
    assert "apps:destroy myapp --confirm myapp" in pushed.err
    assert door.remote(work) == door.head(work)


def test_other_branches_can_be_deleted(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master:topic")
    assert door.git(work, "push", "paas", ":topic").status == 0
    assert door.remote(work, "refs/heads/topic") == ""


def test_an_app_that_is_being_destroyed_takes_no_push(door: Door) -> None:
    work = door.checkout()
    door.git(work, "push", "paas", "master")
    door.platform.store.apps.mark_destroying("myapp")
    door.commit(work, "second")
    pushed = door.git(work, "push", "paas", "master")
    assert pushed.status == 128
    assert " !     app myapp is being destroyed" in pushed.err


def test_a_clone_of_a_missing_app_says_so_and_an_empty_one_is_empty(door: Door) -> None:
    missing = door.git(door.home, "clone", door.url("nope"), "copy")
    assert missing.status == 128
    assert " !     app nope does not exist" in missing.err
    door.platform.store.apps.create("empty", "alice")
    empty = door.git(door.home, "clone", door.url("empty"), "copy")
    assert empty.status == 0
    assert "You appear to have cloned an empty repository" in empty.err


@pytest.mark.parametrize("ref", ["refs/notes/x", "refs/replace/" + "1" * 40, "refs/paas/x"])
def test_only_branches_and_tags_can_be_pushed(door: Door, ref: str) -> None:
    work = door.checkout()
    pushed = door.git(work, "push", "paas", f"master:{ref}")
    assert pushed.status == 1
    assert "[remote rejected]" in pushed.err
    assert door.remote(work, ref) == ""


def test_a_tree_or_blob_cannot_become_a_branch(door: Door) -> None:
    work = door.checkout()
    blob = door.git(work, "rev-parse", "HEAD:file").out.strip()
    pushed = door.git(work, "push", "paas", f"{blob}:refs/heads/master")
    assert pushed.status == 1
    assert door.builder.requests == []
    tagged = door.git(work, "push", "paas", f"{blob}:refs/tags/blob")
    assert tagged.status == 0


def test_three_pushes_to_one_branch_have_one_winner(door: Door) -> None:
    first = door.checkout()
    door.git(first, "push", "paas", "master")
    copies = []
    for number in range(3):
        door.git(door.home, "clone", "-q", door.url("myapp"), f"copy{number}")
        copies.append(door.home / f"copy{number}")
        door.commit(copies[-1], f"change {number}")
    pushes = [door.start_git(copy, "push", "origin", "master") for copy in copies]
    texts = [push.communicate(timeout=30)[0] for push in pushes]
    statuses = [push.returncode for push in pushes]
    assert sorted(statuses) == [0, 1, 1], texts
    winner = copies[statuses.index(0)]
    assert door.remote(first) == door.head(winner)
    losers = [text for text, status in zip(texts, statuses, strict=True) if status]
    assert all("rejected" in text for text in losers)
    assert len(door.builder.requests) == 2, "losers are refused before a build"


def test_twenty_apps_can_be_pushed_at_once(door: Door) -> None:
    work = door.checkout()
    barrier = threading.Barrier(20)

    def build(log: DeployLog) -> None:
        barrier.wait(30)  # passes only when all twenty builds are under way together
        succeed(log)

    door.builder.script = build
    pushes = [door.start_git(work, "push", door.url(f"app{n}"), "master") for n in range(20)]
    texts = [push.communicate(timeout=50)[0] for push in pushes]
    assert [push.returncode for push in pushes] == [0] * 20, texts
    assert len(door.platform.store.apps.names()) == 20
    door.wait_idle()


def test_a_tree_that_would_write_into_dot_git_is_refused_by_git(door: Door) -> None:
    work = door.checkout()
    blob = door.git(work, "rev-parse", "HEAD:file").out.strip()
    (work / "tree").write_bytes(b"100644 .GIT\0" + bytes.fromhex(blob))
    written = ["hash-object", "-t", "tree", "--literally", "-w", "tree"]
    tree = door.git(work, *written).out.strip()
    commit = door.git(work, "commit-tree", tree, "-m", "evil").out.strip()
    pushed = door.git(work, "push", "paas", f"{commit}:refs/heads/master")
    assert pushed.status == 1
    assert "hasDotgit" in pushed.err
    assert door.builder.requests == []
    door.wait_idle()
    assert door.packs() == []


def test_a_push_larger_than_allowed_is_refused_and_leaves_nothing(open_with: OPEN) -> None:
    door = open_with(Limits(push_bytes=100_000))
    work = door.checkout()
    (work / "big").write_bytes(os.urandom(3_000_000))
    door.commit(work, "big")
    pushed = door.git(work, "push", "paas", "master")
    assert pushed.status == 1
    assert "exceeds maximum allowed size" in pushed.err
    door.wait_idle()
    assert door.packs() == []


def test_git_killed_in_mid_deploy_leaves_no_thread_and_no_moved_branch(door: Door) -> None:
    held = HeldBuild()
    work = door.checkout()
    door.builder.script = held
    push = door.start_git(work, "push", "paas", "master")
    assert held.started.wait(20)
    found = run(["pgrep", "-f", f"git .*receive-pack {door.repository()}$"]).out.split()
    for pid in found:
        os.kill(int(pid), signal.SIGKILL)
    assert found
    push.communicate(timeout=20)
    assert push.returncode != 0
    door.wait_idle()
    held.go.set()
    assert door.git(work, "push", "paas", "master").status == 0, "the next push is not in its way"
