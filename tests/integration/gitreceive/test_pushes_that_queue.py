"""Several pushes to one app at once: who is built, who is refused, where the branch ends."""

import os
import signal
import subprocess
import threading

import pytest

from releases.domain.build import BuildStatus
from tests.integration.gitreceive.front_door import (
    Door,
    HeldBuild,
    Result,
    busy_threads,
    fail,
    succeed,
)
from tests.integration.gitreceive.interop.bench import Bench
from tests.integration.gitreceive.interop.clients import CLIENTS
from tests.services import wait_for

pytestmark = pytest.mark.integration
Running = subprocess.Popen[str]


class Crowd:
    """Developers with commits of one line of history, the first of them being built."""

    def __init__(self, door: Door, commits: int) -> None:
        self.door = door
        self.work = door.checkout()
        self.commits = [door.head(self.work)]
        self.commits += [door.commit(self.work, f"c{number}") for number in range(1, commits)]
        self.held = HeldBuild()
        door.builder.script = self.held
        self.first = self.push(self.commits[0])
        assert self.held.started.wait(20)
        door.builder.script = succeed

    def push(self, commit: str, *flags: str, to: str = "master") -> Running:
        """A push that goes on in the background."""
        return self.door.start_git(self.work, "push", *flags, "paas", f"{commit}:refs/heads/{to}")

    def queue(self, commit: str, *flags: str) -> Running:
        """The same, once its build was asked for."""
        before = len(self.door.builder.requests)
        pushed = self.push(commit, *flags)
        wait_for(lambda: len(self.door.builder.requests) > before, f"{commit} to be queued")
        return pushed

    def aside(self, name: str, start: str) -> str:
        """A commit beside the line."""
        self.door.git(self.work, "checkout", "-q", "--detach", start)
        return self.door.commit(self.work, name)

    def alone(self) -> str:
        """A commit without a parent."""
        self.door.git(self.work, "checkout", "-q", "--orphan", "alone")
        return self.door.commit(self.work, "alone")

    def statuses(self) -> list[BuildStatus]:
        """Of all builds, in their order."""
        found = self.door.platform.store.builds.list("myapp")
        return [build.status for build in reversed(found)]


def outcome(push: Running) -> Result:
    """What a push that ran in the background ended with."""
    text, _ = push.communicate(timeout=30)
    return Result(push.returncode, text, "")


def test_of_ten_pushes_the_first_and_the_last_are_built(door: Door) -> None:
    crowd = Crowd(door, 10)
    others = [crowd.queue(commit) for commit in crowd.commits[1:]]
    crowd.held.go.set()
    assert outcome(crowd.first).status == 0
    *waiting, last = [outcome(push) for push in others]
    assert last.status == 0, last.text
    for number, push in enumerate(waiting, 3):
        assert push.status == 1
        assert f"[remote rejected] {crowd.commits[number - 2]} -> master" in push.text
        assert f"(superseded by build {number})" in push.text
    assert door.remote(crowd.work) == crowd.commits[9]
    done, superseded = BuildStatus.SUCCEEDED, BuildStatus.SUPERSEDED
    assert crowd.statuses() == [done, *[superseded] * 8, done]


def test_in_whatever_order_ten_pushes_come_the_newest_commit_is_live(door: Door) -> None:
    crowd = Crowd(door, 10)
    shuffled = [crowd.commits[number] for number in (4, 7, 1, 9, 2, 8, 3, 6, 5)]
    others = {commit: crowd.push(commit) for commit in shuffled}
    refused = [others.pop(commit) for commit in crowd.commits[1:9]]
    for push in refused:
        assert "superseded by build" in outcome(push).text, "also while the first is still built"
    crowd.held.go.set()
    assert outcome(others[crowd.commits[9]]).status == 0
    assert door.remote(crowd.work) == crowd.commits[9]
    assert crowd.statuses().count(BuildStatus.SUCCEEDED) == 2


def test_a_push_that_git_would_call_late_is_reported_as_the_move_it_is(door: Door) -> None:
    crowd = Crowd(door, 2)
    door.builder.script = last = HeldBuild()
    second = crowd.queue(crowd.commits[1])
    crowd.held.go.set()
    assert outcome(crowd.first).status == 0
    last.go.set()
    before, after = (commit[:7] for commit in crowd.commits)
    assert f"{before}..{after}  {crowd.commits[1]} -> master" in outcome(second).text


def test_a_push_without_what_is_being_deployed_is_told_whose_that_is(door: Door) -> None:
    crowd = Crowd(door, 1)
    short = crowd.commits[0][:7]
    refused = outcome(crowd.push(crowd.alone()))
    assert refused.status == 1
    assert f"(alice's push of {short} is being deployed and is not in yours; wait" in refused.text
    crowd.held.go.set()
    assert outcome(crowd.first).status == 0
    assert len(door.builder.requests) == 1


def test_a_push_replaces_one_that_only_waits_whatever_is_in_it(door: Door) -> None:
    crowd = Crowd(door, 2)
    waiting = crowd.queue(crowd.commits[1])
    other = crowd.aside("other", crowd.commits[0])
    replacing = crowd.queue(other)
    assert "superseded by build 3" in outcome(waiting).text
    crowd.held.go.set()
    assert outcome(replacing).status == 0
    assert door.remote(crowd.work) == other


def test_older_code_does_not_replace_newer_that_waits(door: Door) -> None:
    crowd = Crowd(door, 3)
    newest = crowd.queue(crowd.commits[2])
    refused = outcome(crowd.push(crowd.commits[1]))
    short = crowd.commits[2][:7]
    assert f"(superseded by build 2 (alice's push of {short}), which has this" in refused.text
    crowd.held.go.set()
    assert outcome(newest).status == 0
    assert len(door.builder.requests) == 2


def test_a_push_lands_although_the_one_before_it_failed(door: Door) -> None:
    crowd = Crowd(door, 1)
    crowd.held.go.set()
    assert outcome(crowd.first).status == 0
    second, third = (door.commit(crowd.work, text) for text in ("second", "third"))
    go = threading.Event()
    door.builder.script = lambda log: (go.wait(20), fail("it crashed")(log))[1]
    failing = crowd.queue(second)
    door.builder.script = succeed
    landing = crowd.queue(third)
    go.set()
    assert "(it crashed)" in outcome(failing).text
    assert outcome(landing).status == 0
    assert door.remote(crowd.work) == third


def test_the_same_commit_pushed_twice_at_once_lands_twice(door: Door) -> None:
    crowd = Crowd(door, 1)
    again = crowd.queue(crowd.commits[0])
    crowd.held.go.set()
    assert [outcome(push).status for push in (crowd.first, again)] == [0, 0]
    assert door.remote(crowd.work) == crowd.commits[0]


@pytest.mark.parametrize("what", ["waiting", "building"])
def test_a_pusher_who_hangs_up_cancels_nothing(door: Door, what: str) -> None:
    crowd = Crowd(door, 2)
    waiting = crowd.queue(crowd.commits[1])
    gone, stays = (waiting, crowd.first) if what == "waiting" else (crowd.first, waiting)
    os.killpg(gone.pid, signal.SIGKILL)
    gone.communicate(timeout=20)
    wait_for(lambda: len(busy_threads()) == 2, "the push that hung up to end")
    crowd.held.go.set()
    assert outcome(stays).status == 0
    wait_for(lambda: crowd.statuses() == [BuildStatus.SUCCEEDED] * 2, "both builds")
    assert door.remote(crowd.work) == crowd.commits[0 if what == "waiting" else 1]


def test_tags_and_other_branches_wait_for_nobody(door: Door) -> None:
    crowd = Crowd(door, 2)
    door.git(crowd.work, "tag", "v1", crowd.commits[1])
    assert outcome(crowd.push(crowd.commits[1], to="topic")).status == 0
    assert door.git(crowd.work, "push", "paas", "v1").status == 0
    assert door.git(crowd.work, "push", "paas", ":topic").status == 0
    assert not crowd.held.ended.is_set()
    crowd.held.go.set()
    assert outcome(crowd.first).status == 0


def test_another_branch_that_deploys_need_not_contain_this_one(door: Door) -> None:
    crowd = Crowd(door, 1)
    other = crowd.push(crowd.aside("other", crowd.commits[0]), to="main")
    wait_for(lambda: len(door.builder.requests) == 2, "the other branch to be queued")
    crowd.held.go.set()
    assert [outcome(push).status for push in (crowd.first, other)] == [0, 0]
    assert door.remote(crowd.work) == crowd.commits[0]


def test_storing_without_a_deploy_passes_a_deploy_that_it_contains_and_no_other(
    door: Door,
) -> None:
    crowd = Crowd(door, 2)
    lacking = outcome(crowd.push(crowd.alone(), "-o", "no-deploy"))
    assert "is being deployed and is not in yours" in lacking.text
    assert outcome(crowd.push(crowd.commits[1], "-o", "no-deploy")).status == 0
    crowd.held.go.set()
    assert outcome(crowd.first).status == 0, "what it deployed is in the branch already"
    assert door.remote(crowd.work) == crowd.commits[1]


def test_a_shallow_clone_queues_once_its_history_is_there(door: Door) -> None:
    crowd = Crowd(door, 1)
    crowd.held.go.set()
    assert outcome(crowd.first).status == 0
    clone = door.home / "shallow"
    door.git(door.home, "clone", "-q", "--depth", "1", door.url("myapp"), str(clone))
    door.git(clone, "remote", "rename", "origin", "paas")
    held = HeldBuild()
    door.builder.script = held
    second, third = (door.commit(clone, text) for text in ("second", "third"))
    running = crowd.door.start_git(clone, "push", "paas", f"{second}:master")
    assert held.started.wait(20)
    queued = crowd.door.start_git(clone, "push", "paas", f"{third}:master")
    wait_for(lambda: len(door.builder.requests) == 3, "the second push to be queued")
    held.go.set()
    assert [outcome(push).status for push in (running, queued)] == [0, 0]
    assert door.remote(clone) == third
    assert door.git(door.repository(), "fsck", "--connectivity-only").status == 0


@pytest.mark.parametrize("client", ["git v0", "git v2", "dulwich", "dulwich+paramiko", "libgit2"])
def test_every_client_hears_that_a_push_from_the_queue_landed(door: Door, client: str) -> None:
    crowd = Crowd(door, 2)
    bench = Bench(door, CLIENTS[client](door), "myapp", crowd.work)
    heard: list[Result] = []
    pusher = threading.Thread(target=lambda: heard.append(bench.push()))
    pusher.start()
    wait_for(lambda: len(door.builder.requests) == 2, "the push to be queued")
    crowd.held.go.set()
    pusher.join(30)
    assert heard[0].status == 0, heard[0].text
    assert bench.head() == crowd.commits[1]


def test_a_push_that_is_atomic_takes_its_other_refs_along(door: Door) -> None:
    crowd = Crowd(door, 2)
    specs = (f"{crowd.commits[1]}:refs/heads/master", f"{crowd.commits[1]}:refs/heads/topic")
    pushed = door.start_git(crowd.work, "push", "--atomic", "paas", *specs)
    wait_for(lambda: len(door.builder.requests) == 2, "the push to be queued")
    crowd.held.go.set()
    assert outcome(pushed).status == 0
    for ref in ("refs/heads/master", "refs/heads/topic"):
        assert door.remote(crowd.work, ref) == crowd.commits[1]


def test_a_branch_that_something_else_has_moved_is_left_alone(door: Door) -> None:
    crowd = Crowd(door, 1)
    other = crowd.alone()
    assert outcome(crowd.push(other, to="topic")).status == 0
    door.git(door.repository(), "update-ref", "refs/heads/master", other)
    crowd.held.go.set()
    assert "(master has moved meanwhile; git fetch, then push again)" in outcome(crowd.first).text
    assert door.remote(crowd.work) == other
