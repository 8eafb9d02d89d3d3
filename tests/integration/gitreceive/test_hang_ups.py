"""Pushers who hang up at any moment: no thread, no turn and no half-written ref is left."""

import os
import random
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from releases.log import DeployLog
from tests.integration.gitreceive.front_door import Door, run
from tests.services import wait_for

pytestmark = pytest.mark.integration

APPS = ("one", "two", "three")
PUSHES = 45
AT_ONCE = 5
LONGEST_S = 0.3  # a whole push here takes about 0.15 s


def talk(log: DeployLog) -> None:
    """A build that says some things and takes no time."""
    for number in range(50):
        log.detail(f"step {number}")
    log.succeed("Deployed v1")


def hang_up_at_some_moment(door: Door, work: Path, number: int) -> None:
    """Push, and kill git with its ssh after a while that differs from push to push."""
    chance = random.Random(number)  # noqa: S311 - the same moments in every run
    branch = f"refs/heads/{chance.choice(('master', 'feature'))}"
    app = APPS[number % len(APPS)]
    commit = f"master~{chance.randrange(20)}"
    push = door.start_git(work, "push", "-f", door.url(app), f"{commit}:{branch}")
    try:
        push.communicate(timeout=chance.uniform(0, LONGEST_S))
    except subprocess.TimeoutExpired:
        os.killpg(push.pid, signal.SIGKILL)
        push.communicate(timeout=20)


def history(door: Door) -> Path:
    """A repository with something to send."""
    work = door.checkout()
    for number in range(20):
        (work / f"blob{number}").write_bytes(random.Random(number).randbytes(50_000))  # noqa: S311 - bytes, no secret
        door.commit(work, f"change {number}")
    return work


def test_many_hang_ups_leave_nothing_behind(door: Door) -> None:
    door.builder.script = talk
    work = history(door)
    before = threading.active_count()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda number: hang_up_at_some_moment(door, work, number), range(PUSHES)))
    door.wait_idle()
    wait_for(lambda: threading.active_count() <= before, "all threads to end")
    commits = door.git(work, "rev-list", "master").out.split()
    for app in APPS:
        assert [path for path in door.packs(app) if "tmp_" in path] == []
        repository = door.repository(app)
        checked = run(["git", "-C", str(repository), "fsck", "--full", "--strict"])
        assert checked.status == 0, checked.text
        refs = run(["git", "-C", str(repository), "for-each-ref", "--format=%(objectname)"])
        assert set(refs.out.split()) <= set(commits)
        assert not list(repository.rglob("*.lock"))


def test_after_many_hang_ups_the_next_push_waits_for_nobody(door: Door) -> None:
    door.builder.script = talk
    work = history(door)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda number: hang_up_at_some_moment(door, work, number), range(PUSHES)))
    door.wait_idle()
    tip = door.commit(work, "after all")
    for app in APPS:
        pushed = door.git(work, "push", "-f", door.url(app), "master")
        assert pushed.status == 0, pushed.err
        assert "Waiting" not in pushed.err
        assert door.git(work, "ls-remote", door.url(app), "refs/heads/master").out.startswith(tip)
