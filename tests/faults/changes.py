"""What is asked for while a fault strikes: a deploy, a rollback to what is warm or cold."""

import itertools
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from releases.work.queue import RELEASES, ROLL_BACK
from tests.faults.shown import Shown
from tests.faults.stage import SHOP, Stage
from tests.services import wait_for

DEPLOY, WARM, COLD = "deploy", "warm rollback", "cold rollback"
_stamps = itertools.count(1)


def prepare(stage: Stage, kind: str) -> None:
    """Have the app where the change can be asked for, with a frozen release to go back to."""
    if not stage.is_warm():
        stage.deployed()
    if kind == COLD:
        stage.cold()


@contextmanager
def asked(stage: Stage, kind: str, shown: Shown, *, by_ssh: bool) -> Iterator[str]:
    """Ask for it, as a push or a command does; yields the log.

    By SSH a person follows it, who is to be told of a front door that goes away.
    """
    if not by_ssh:
        yield _queue(stage, kind)
        return
    config = str(stage.whole.settings.home / "ssh_config")
    command = ["ssh", "-F", config, "paas", *_words(stage, kind)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as person:
        wait_for(lambda: _log(shown), "the log of what was asked for")
        yield _log(shown)
        person.wait(30)


def _queue(stage: Stage, kind: str) -> str:
    if kind == DEPLOY:
        return stage.deploy()
    platform = stage.whole.platform
    log, number = platform.store.logs.new(SHOP), stage.cold() if kind == COLD else 0
    platform.queue.request(RELEASES, ROLL_BACK, SHOP, number, "ada", log=log)
    return log


def _words(stage: Stage, kind: str) -> list[str]:
    """Without a builder nothing can be pushed: a deploy of the same code with another config."""
    if kind == DEPLOY:
        return ["config:set", SHOP, f"STAMP={next(_stamps)}"]
    return ["rollback", SHOP, *([f"v{stage.cold()}"] if kind == COLD else [])]


def _log(shown: Shown) -> str:
    """The first one that is written to."""
    found = (re.match(rf"XADD paas:log:({SHOP}:\w+) ", one.text) for one in list(shown.sights))
    return next((match[1] for match in found if match), "")
