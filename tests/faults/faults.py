"""What is done to the platform in the middle of a change, and how it comes back."""

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress

from tests.faults.stage import Stage
from tests.load import Load
from tests.services import wait_for

Fault = Callable[[Stage, Load], None]
_GO_ON = 20  # requests without the part, before it is started again


def nothing(stage: Stage, load: Load) -> None:
    """What all others are compared with."""


def work_horse(stage: Stage, load: Load) -> None:
    """The process of the job; the worker that forked it goes on and is told by the kernel."""
    _kill_horses(_busy(stage)[1])


def release_worker(stage: Stage, load: Load) -> None:
    """The worker and its work horse, as when memory is short or a unit is killed."""
    name, horses = _busy(stage)
    stage.whole.kill(name)
    _kill_horses(horses)
    _start_again(stage, load)


def router_sync(stage: Stage, load: Load) -> None:
    """The routes in HAProxy stay as they are."""
    _kill(stage, load, "router_sync")


def haproxy(stage: Stage, load: Load) -> None:
    """The one part that requests depend on: those under way are lost."""
    _kill(stage, load, "haproxy")


def ssh_server(stage: Stage, load: Load) -> None:
    """Whoever asked for the change hears no more of it."""
    _kill(stage, load, "gitreceive")


def converger(stage: Stage, load: Load) -> None:
    """What stops and freezes old containers, and finishes what died."""
    _kill(stage, load, "converger")


def redis(stage: Stage, load: Load) -> None:
    """Stopped and started, its data on its disk."""
    stage.whole.stop_redis()
    _wait_a_moment(load)
    stage.whole.start_redis()


def dockerd(stage: Stage, load: Load) -> None:
    """Stopped and started while containers run on."""
    stage.engine.shut_down()
    _wait_a_moment(load)
    stage.engine.start()


NOTHING, SSH_SERVER, HAPROXY = "nothing", "SSH server", "HAProxy"
FAULTS: Mapping[str, Fault] = {
    NOTHING: nothing,
    "work horse": work_horse,
    "release worker": release_worker,
    "router sync": router_sync,
    HAPROXY: haproxy,
    SSH_SERVER: ssh_server,
    "converger": converger,
    "Redis": redis,
    "dockerd": dockerd,
}
MAY_LOSE = {HAPROXY}  # requests: those under way, and those that come until it is up again


def _kill(stage: Stage, load: Load, name: str) -> None:
    stage.whole.kill(name)
    _start_again(stage, load)


def _start_again(stage: Stage, load: Load) -> None:
    _wait_a_moment(load)
    stage.tend()


def _wait_a_moment(load: Load) -> None:
    """Until so many requests more were answered, or failed."""
    before = len(load.requests)
    wait_for(lambda: len(load.requests) > before + _GO_ON, "traffic without it")


def _busy(stage: Stage) -> tuple[str, list[int]]:
    """The worker that is at it; where none is any more, one that waits for work."""
    with suppress(AssertionError, FileNotFoundError):
        return stage.whole.busy("releases")
    return "releases", []


def _kill_horses(horses: list[int]) -> None:
    for horse in horses:
        with suppress(ProcessLookupError):
            os.kill(horse, signal.SIGKILL)
