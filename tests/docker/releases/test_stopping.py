"""What a Procfile's line and what it starts see of SIGTERM, in a shell like dash's and others."""

import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from releases.domain.container import Container, Slot
from releases.engine.docker import DockerEngine
from releases.engine.shell import shell_command
from tests.fakes import examples
from tests.services import need, wait_for

pytestmark = pytest.mark.docker
GRACE_S = 8
# Takes a second over SIGTERM and writes a line; `sh -c` puts a process between it and the line.
WORK = "sh -c 'trap \"sleep 1; echo finished; exit 5\" TERM; echo up; while :; do sleep 0.1; done'"

Start = Callable[[str], Container]


@pytest.fixture
def start(docker_engine: DockerEngine, image: str) -> Start:
    """Start a worker that runs this line."""

    def start_one(line: str) -> Container:
        made = examples.artifact(image=image, processes={"worker": line})
        [one] = docker_engine.start(examples.release(made=made), [Slot(1, 0, "worker", 1)])
        return one

    return start_one


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (WORK, 5),
        (f"echo first && {WORK}", 5),
        (f"exec {WORK}", 5),
        (f"({WORK})", 5),
        (f"{WORK}; echo 'never said'", 5),
        (f"{WORK} | cat >/dev/stderr", 143),
        (f"{WORK} & wait", 143),
        (f"{WORK} & sleep 600", 143),
    ],
)
def test_what_a_line_starts_hears_sigterm_and_may_finish(
    api: Any, start: Start, line: str, status: int
) -> None:
    worker = start(line)
    wait_for(lambda: b"up" in api.logs(worker.id), "the process to be up")
    began = time.monotonic()
    api.stop(worker.id, timeout=GRACE_S)

    assert time.monotonic() - began < GRACE_S - 2
    assert b"never said" not in api.logs(worker.id)
    if "|" not in line:  # there the reader hears the signal too, and is gone first
        assert b"finished" in api.logs(worker.id)
        assert api.inspect_container(worker.id)["State"]["ExitCode"] == status


@pytest.mark.parametrize(
    ("line", "status"), [("exit 3", 3), ("false", 1), ("sleep 0.1 &", 0), ("kill -9 $$", 137)]
)
def test_a_line_ends_with_its_own_status(
    docker_engine: DockerEngine, start: Start, line: str, status: int
) -> None:
    worker = start(line)

    def has_ended() -> bool:
        return docker_engine.condition(worker).exit_code == status

    wait_for(has_ended, f"status {status}")


def test_a_process_sees_nothing_of_how_it_is_stopped(api: Any, start: Start) -> None:
    worker = start("env; echo the end; sleep 600")
    wait_for(lambda: b"the end" in api.logs(worker.id), "the environment")
    assert b"TINI" not in api.logs(worker.id)


@pytest.mark.parametrize("shell", [["dash"], ["bash"], ["busybox", "sh"]])
@pytest.mark.parametrize(("line", "status"), [("sleep 0.3", 0), ("sleep 0.3; exit 9", 0)])
def test_every_shell_waits_for_its_child_and_ends_as_it_did(
    shell: list[str], line: str, status: int
) -> None:
    _, _, wrapped = shell_command(f"echo up; trap : USR1; {line}")
    command = [need(shell[0]), *shell[1:], "-c", wrapped]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait(10) == status
