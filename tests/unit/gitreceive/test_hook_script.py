"""The sh halves of our hooks, run as git runs them."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gitreceive.git import HOOKS
from gitreceive.hook import Hook

COMMAND = f"{'0' * 40} {'1' * 40} refs/heads/master\n"


@contextmanager
def running_hook(
    name: str = "pre-receive", **environment: str
) -> Iterator[tuple[Hook, "subprocess.Popen[str]"]]:
    """The hook, and our half of its pipes."""
    hook = Hook()
    process = subprocess.Popen(
        [HOOKS / name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **hook.environment, **environment},
        pass_fds=hook.descriptors,
        text=True,
    )
    hook.started()
    assert process.stdin
    process.stdin.write(COMMAND)
    process.stdin.close()
    process.stdin = None
    try:
        yield hook, process
    finally:
        hook.close()
        process.communicate(timeout=10)


def test_the_hook_hands_over_the_commands_shows_the_log_and_ends_with_the_verdict() -> None:
    for accepted in (True, False):
        with running_hook(GIT_QUARANTINE_PATH="/q/a b\\n") as (hook, process):
            request = hook.request()
            assert request
            assert str(request.quarantine) == "/q/a b\\n"
            assert request.commands == [COMMAND.strip()]
            hook.print("-----> Building")
            hook.answer(accepted)
            _, shown = process.communicate(timeout=10)
            assert shown == "-----> Building\n"
            assert process.returncode == (0 if accepted else 1)


def test_without_a_quarantine_nothing_arrived() -> None:
    with running_hook() as (hook, _):
        request = hook.request()
        assert request
        assert request.quarantine is None


def test_the_hook_refuses_when_the_front_door_dies() -> None:
    with running_hook() as (hook, process):
        hook.request()
        hook.close()
        process.communicate(timeout=10)
        assert process.returncode == 1


def test_descriptors_above_nine_work_although_dash_cannot_name_them() -> None:
    holders = [os.open(os.devnull, os.O_RDONLY) for _ in range(12)]
    try:
        with running_hook() as (hook, process):
            assert min(hook.descriptors) > 9
            assert hook.request()
            hook.answer(True)
            process.communicate(timeout=10)
            assert process.returncode == 0
    finally:
        for holder in holders:
            os.close(holder)


def test_no_request_comes_when_git_ends_without_running_the_hook() -> None:
    hook = Hook()
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(hook.request()))
    waiting.start()
    hook.started()  # and nobody else holds the other ends
    waiting.join(10)
    assert found == [None]
    hook.close()


def test_git_is_told_what_to_do_with_the_branches_in_packets() -> None:
    with running_hook("proc-receive") as (hook, process):
        assert hook.moves_branches()
        hook.report(["ok refs/heads/caf\u00e9 \\n", "option fall-through"])
        told, shown = process.communicate(timeout=10)
        packets = ["000dversion=1", "0000", "001aok refs/heads/caf\u00e9 \\n"]
        assert told == "".join([*packets, "0017option fall-through", "0000"])
        assert (process.returncode, shown) == (0, "")


def test_no_branch_moves_when_the_front_door_dies() -> None:
    with running_hook("proc-receive") as (hook, process):
        assert hook.moves_branches()
        hook.close()
        told, _ = process.communicate(timeout=10)
        assert (process.returncode, told) == (1, "")


def test_a_push_without_branches_never_comes_to_them() -> None:
    with running_hook() as (hook, process):
        hook.request()
        hook.answer(accepted=True)
        process.communicate(timeout=10)
        assert not hook.moves_branches()
        hook.wait_for_end()
