"""What the kernel makes of limits, capabilities and a process that takes too much."""

from collections.abc import Callable
from typing import Any

import pytest

from releases.domain.container import Container, Slot
from releases.domain.limits import Limits, Terms
from releases.engine.docker import DockerEngine
from tests.fakes import examples
from tests.services import wait_for

pytestmark = pytest.mark.docker
# chown, setuid, setgid, ...: bits 0, 1, 3, 5, 6, 7, 8 and 10 of linux/capability.h
KEPT = 0x5EB
GREEDY = "x=0123456789; while :; do x=$x$x; done"

Start = Callable[..., Container]


@pytest.fixture
def start(docker_engine: DockerEngine, image: str) -> Start:
    """Start a worker that runs this line under these limits."""

    def start_one(line: str, policy: str = "no", **limits: float) -> Container:
        made = examples.artifact(image=image, processes={"worker": line})
        terms = Terms({"worker": Limits(**limits)}, policy)  # type: ignore[arg-type] # by name
        slots = [Slot(1, 0, "worker", 1)]
        [one] = docker_engine.start(examples.release(made=made), slots, terms)
        return one

    return start_one


def test_one_that_takes_more_memory_than_it_may_is_killed_for_it(
    docker_engine: DockerEngine, start: Start
) -> None:
    worker = start(GREEDY, memory_mb=16)
    wait_for(lambda: not docker_engine.condition(worker).running, "the kernel to kill it")
    assert docker_engine.condition(worker).out_of_memory


def test_one_that_starts_too_many_processes_gets_no_more(api: Any, start: Start) -> None:
    worker = start("for i in 1 2 3 4 5 6 7 8 9; do sleep 600 & done; echo all; wait", pids=6)
    wait_for(lambda: b"an't fork" in api.logs(worker.id), "fork to fail")


def test_limits_and_policy_are_those_of_the_container(api: Any, start: Start) -> None:
    worker = start("sleep 600", "on-failure:3", memory_mb=64, cpus=0.5)
    host = api.inspect_container(worker.id)["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 << 20, 500_000_000, 4096)
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}


def test_a_process_has_few_capabilities_and_gets_no_others(api: Any, start: Start) -> None:
    worker = start("cat /proc/self/status; echo end; sleep 600")
    wait_for(lambda: b"end\n" in api.logs(worker.id), "its capabilities")
    status = dict(
        line.split(":\t") for line in api.logs(worker.id).decode().splitlines() if ":\t" in line
    )
    assert {int(status[name], 16) for name in ("CapBnd", "CapEff", "CapPrm")} == {KEPT}
    assert status["NoNewPrivs"] == "1"
