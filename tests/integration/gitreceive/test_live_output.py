"""What the pusher sees while the build runs, and what is left when they stop looking."""

import os
import signal
import subprocess
import threading

import pytest

from gitreceive.limits import Limits
from releases.log import DeployLog
from releases.store.logs import MAX_LINE_CHARS
from tests.integration.gitreceive.conftest import OPEN
from tests.integration.gitreceive.front_door import Door, HeldBuild, busy_threads
from tests.services import wait_for

pytestmark = pytest.mark.integration


def push_in_background(door: Door, held: HeldBuild) -> "subprocess.Popen[str]":
    """A push whose build is under way when this returns."""
    work = door.checkout()
    door.builder.script = held
    push = door.start_git(work, "push", "paas", "master")
    assert held.started.wait(20)
    return push


def end(push: "subprocess.Popen[str]") -> None:
    """Kill git and its ssh, as a closed laptop does."""
    os.killpg(push.pid, signal.SIGKILL)
    push.communicate(timeout=20)


def test_lines_arrive_while_the_build_still_runs(door: Door) -> None:
    held = HeldBuild()
    push = push_in_background(door, held)
    assert push.stdout
    while "Building" not in push.stdout.readline():
        pass
    assert not held.ended.is_set()
    held.go.set()
    assert "Deployed v1" in push.communicate(timeout=20)[0]
    assert push.returncode == 0


def test_colours_pass_and_everything_else_that_moves_a_cursor_does_not(door: Door) -> None:
    def build(log: DeployLog) -> None:
        log.write(["10%\r50%\r100%", "\x1b[32mgreen", "a\x1b[2Jb\x07c", "caf\u00e9", ""])
        log.write(["two\nlines", "x" * 3900])
        log.succeed("Deployed v1")

    work = door.checkout()
    door.builder.script = build
    pushed = door.git(work, "push", "paas", "master")
    lines = [line.removeprefix("remote: ").rstrip() for line in pushed.err.splitlines()]
    assert pushed.status == 0, pushed.err
    for expected in (
        "100%",
        "\x1b[32mgreen\x1b[0m",
        "abc",
        "caf\u00e9",
        "two",
        "lines",
        "x" * 3900,
    ):
        assert expected in lines
    assert "\x07" not in pushed.err


def test_what_is_no_text_and_what_is_too_long_arrives_as_far_as_it_can(door: Door) -> None:
    def build(log: DeployLog) -> None:
        log.write([b"caf\xe9 \x00\xff".decode(errors="surrogateescape"), "z" * 1_000_000, "end"])
        log.succeed("Deployed v1")

    work = door.checkout()
    door.builder.script = build
    pushed = door.git(work, "push", "paas", "master")
    lines = [line.removeprefix("remote: ").rstrip() for line in pushed.err.splitlines()]
    assert pushed.status == 0, pushed.err
    assert {"caf? ?", "z" * MAX_LINE_CHARS, "end", "-----> Deployed v1"} <= set(lines)


def test_twenty_thousand_lines_all_arrive_in_order(door: Door) -> None:
    def build(log: DeployLog) -> None:
        for start in range(0, 20_000, 1000):
            log.write(f"line {number}" for number in range(start, start + 1000))
        log.succeed("Deployed v1")

    work = door.checkout()
    door.builder.script = build
    pushed = door.git(work, "push", "paas", "master")
    shown = [line.split()[-1] for line in pushed.err.splitlines() if ": line " in line]
    assert shown == [str(number) for number in range(20_000)]


def test_hanging_up_in_mid_deploy_leaves_the_branch_and_nothing_else_behind(door: Door) -> None:
    held = HeldBuild()
    push = push_in_background(door, held)
    end(push)
    door.wait_idle()
    wait_for(lambda: not door.packs(), "git to remove what had arrived")
    assert door.remote(door.home / "work") == ""
    held.go.set()
    assert held.ended.wait(20), "the deploy itself goes on"


def test_after_a_hang_up_the_same_push_succeeds(door: Door) -> None:
    held = HeldBuild()
    end(push_in_background(door, held))
    door.wait_idle()
    held.go.set()
    work = door.home / "work"
    assert door.git(work, "push", "paas", "master").status == 0
    assert door.remote(work) == door.head(work)


def test_a_stopped_client_is_cut_off_and_the_deploy_goes_on(open_with: OPEN) -> None:
    door = open_with(Limits(stall_s=1.0))
    work = door.checkout()
    started, stopped, ended = (threading.Event() for _ in range(3))

    def chatter(log: DeployLog) -> None:
        log.step("Building")
        started.set()
        stopped.wait(20)
        for _ in range(10):
            log.write("y" * 3900 for _ in range(500))
        log.succeed("Deployed v1")
        ended.set()

    door.builder.script = chatter
    push = door.start_git(work, "push", "paas", "master")
    assert started.wait(20)
    os.killpg(push.pid, signal.SIGSTOP)
    stopped.set()
    assert ended.wait(20)
    wait_for(lambda: not busy_threads(), "the push to end")
    end(push)


def test_hanging_up_in_mid_upload_leaves_nothing(door: Door) -> None:
    work = door.checkout()
    (work / "big").write_bytes(os.urandom(30_000_000))
    door.commit(work, "big")
    push = door.start_git(work, "push", "--progress", "paas", "master")
    wait_for(lambda: any("tmp_" in path for path in door.packs()), "objects to arrive")
    end(push)
    door.wait_idle()
    assert [path for path in door.packs() if "tmp_" in path] == []
    assert door.builder.requests == []


def test_a_reader_who_leaves_a_followed_log_leaves_no_thread(door: Door) -> None:
    log = door.platform.store.logs.new("myapp")
    DeployLog(door.platform.store.logs, log).step("Building")
    command = [*door.ssh_command, "paas@127.0.0.1", "watch", log]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert reader.stdout
    assert reader.stdout.readline() == "-----> Building\n"
    reader.kill()
    reader.communicate()
    door.wait_idle()


def test_a_followed_log_ends_with_its_verdict_and_exit_status(door: Door) -> None:
    logs = door.platform.store.logs
    good, bad = logs.new("myapp"), logs.new("myapp")
    DeployLog(logs, good).succeed("Deployed v1")
    DeployLog(logs, bad).fail("it crashed")
    assert door.ssh("watch", good).out == "-----> Deployed v1\n"
    failed = door.ssh("watch", bad)
    assert (failed.status, failed.err) == (1, " !     it crashed\n")
