"""A build that says nothing for a while, with something between that cuts silent lines."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from releases.log import DeployLog
from tests.integration.gitreceive.front_door import Door, HeldBuild
from tests.integration.gitreceive.relay import IdleCutter, idle_cutter
from tests.services import wait_for

pytestmark = pytest.mark.integration

SILENCE_S = 9.0


@pytest.fixture
def relay(door: Door) -> Iterator[IdleCutter]:
    """It cuts lines that are idle for 7 s; the door's clients go through it."""
    with idle_cutter(door.server.port, idle_s=7.0) as relay:
        alias = f"[127.0.0.1]:{door.server.port}"
        door.options += ["-o", f"Port={relay.port}", "-o", f"HostKeyAlias={alias}"]
        yield relay


def be_silent(process: "subprocess.Popen[str]") -> None:
    """Let the time pass, unless the client ends before."""
    over = time.monotonic() + SILENCE_S
    wait_for(lambda: time.monotonic() > over or process.poll() is not None, "the silence")


def test_a_push_outlives_a_silent_build(door: Door, relay: IdleCutter) -> None:
    work = door.checkout()
    held = door.builder.script = HeldBuild()
    push = door.start_git(work, "push", "paas", "master")
    assert held.started.wait(20)
    be_silent(push)
    held.go.set()
    text, _ = push.communicate(timeout=20)
    assert push.returncode == 0, text
    assert "Deployed v1" in text
    assert relay.lines == 1
    assert relay.cut == 0
    assert relay.longest_idle_s < 6.0


def test_a_command_outlives_a_silent_deploy(door: Door, relay: IdleCutter) -> None:
    log = DeployLog(door.platform.store.logs, door.platform.store.logs.new("myapp"))
    command = [*door.ssh_command, "paas@127.0.0.1", "watch", log.id]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    be_silent(reader)
    log.succeed("Deployed v1")
    assert reader.communicate(timeout=20)[0] == "-----> Deployed v1\n"
    assert relay.lines == 1
    assert relay.cut == 0
