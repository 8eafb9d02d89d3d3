"""The request that creates a one-off begins as that of a process, and fills no slot."""

from pathlib import Path

import pytest

from releases.console import Size
from releases.domain.container import INDEX, PROCESS_TYPE, Slot
from releases.domain.one_off import Run
from releases.engine.create import HARDENED, create_request
from releases.engine.one_off import from_listing, one_off_name, one_off_request
from releases.settings import Settings
from tests.fakes.examples import COMMIT, IMAGE, artifact, release

SETTINGS = Settings(home=Path("/nowhere"), instance="paas", subnet="10.213.0.0/16")
PROCESSES: dict[str, str | None] = {"web": "serve", "worker": "work"}
RELEASE = release(number=12, made=artifact(processes=PROCESSES), config={"A": "two\nlines"})
ADDRESS = "10.213.0.16"


def test_an_attended_one_reads_as_the_finished_docker_run() -> None:
    run = Run(RELEASE, 3, ["ls"], "ada", size=Size(77, 33), has_terminal=True, term="xterm")
    assert one_off_request(SETTINGS, run, ["ls"], ADDRESS) == {
        "Image": IMAGE,
        "Cmd": ["ls"],
        "Env": [
            "TERM=xterm",
            f"GIT_REV={COMMIT}",
            "PAAS_APP=myapp",
            "PAAS_RELEASE=v12",
            "DYNO=run.3",
            "A=two\nlines",
            "PORT=5000",
        ],
        "Labels": {
            "paas.instance": "paas",
            "paas.app": "myapp",
            "paas.release": "12",
            "paas.address": "10.213.0.16",
            "paas.port": "5000",
            "paas.run": "3",
            "paas.run.by": "ada",
            "paas.run.until": "0.0",
        },
        "HostConfig": {
            "NetworkMode": "paas",
            "RestartPolicy": {"Name": "no"},
            "Init": True,
            **HARDENED,
            "Memory": 0,
            "MemorySwap": 0,
            "NanoCpus": 0,
            "PidsLimit": 4096,
            "LogConfig": {"Type": "none", "Config": {}},
            "ConsoleSize": [33, 77],
        },
        "NetworkingConfig": {
            "EndpointsConfig": {"paas": {"IPAMConfig": {"IPv4Address": "10.213.0.16"}}}
        },
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "Tty": True,
    }


def test_a_detached_one_keeps_its_output_as_a_process_does_and_has_no_input() -> None:
    run = Run(RELEASE, 3, ["ls"], "ada", until=2e9)
    request = one_off_request(SETTINGS, run, ["ls"], ADDRESS)
    like = create_request(SETTINGS, RELEASE, Slot(12, 0, "web", 3), ADDRESS)
    host, other = request["HostConfig"], like["HostConfig"]
    assert isinstance(host, dict)
    assert isinstance(other, dict)
    assert host == {**other, "RestartPolicy": {"Name": "no"}}
    assert "OpenStdin" not in request


@pytest.mark.parametrize(
    ("processes", "words"),
    [(PROCESSES, ["worker"]), (PROCESSES, ["ls"]), ({"clock": "tick"}, ["ls"])],
)
def test_it_fills_no_slot_whatever_it_begins_as(
    processes: dict[str, str | None], words: list[str]
) -> None:
    run = Run(release(made=artifact(processes=processes)), 3, words, "ada")
    found = one_off_request(SETTINGS, run, words, ADDRESS)["Labels"]
    assert isinstance(found, dict)
    assert not {INDEX, PROCESS_TYPE} & found.keys()


def test_it_is_known_again_by_its_labels() -> None:
    run = Run(RELEASE, 3, ["ls"], "ada", until=2e9)
    request = one_off_request(SETTINGS, run, ["ls"], ADDRESS)
    name = one_off_name("paas", run)
    assert name == "paas.myapp.run.3"
    item = {"Id": "c1", "State": "exited", "Status": "Exited (3)", "Names": [f"/{name}.retired-c1"]}
    one = from_listing({**item, "Labels": request["Labels"]})
    assert (one.name, one.who, one.until) == ("run.3", "ada", 2e9)
    assert (one.container.slot, one.container.address) == (run.slot, ADDRESS)
    assert one.container.condemned
