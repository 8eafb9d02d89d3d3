"""The request that creates a container reads as the finished `docker run`."""

from pathlib import Path

from releases.domain.container import Slot
from releases.domain.limits import Limits, Terms
from releases.engine import create as c
from releases.engine.shell import shell_command
from releases.settings import Settings
from tests.fakes.examples import COMMIT, IMAGE, artifact, release

SETTINGS = Settings(home=Path("/nowhere"), instance="paas", subnet="10.213.0.0/16")
WEB_2 = Slot(release=12, boot=0, process_type="web", index=2)


def test_the_request_reads_as_the_finished_docker_run() -> None:
    made = release(number=12, made=artifact(processes={"web": "serve --port $PORT"}))
    assert c.create_request(SETTINGS, made, WEB_2, "10.213.0.16") == {
        "Image": IMAGE,
        "Cmd": shell_command("serve --port $PORT"),
        "Env": [
            f"GIT_REV={COMMIT}",
            "PAAS_APP=myapp",
            "PAAS_RELEASE=v12",
            "DYNO=web.2",
            "PORT=5000",
            "TINI_KILL_PROCESS_GROUP=1",
        ],
        "Labels": {
            "paas.instance": "paas",
            "paas.app": "myapp",
            "paas.release": "12",
            "paas.boot": "0",
            "paas.process": "web",
            "paas.index": "2",
            "paas.address": "10.213.0.16",
            "paas.port": "5000",
        },
        "HostConfig": {
            "NetworkMode": "paas",
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 10},
            "Init": True,
            "CapDrop": ["ALL"],
            "CapAdd": [
                "CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP",
                "SETUID",
            ],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": 0,
            "MemorySwap": 0,
            "NanoCpus": 0,
            "PidsLimit": 4096,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        },
        "NetworkingConfig": {
            "EndpointsConfig": {"paas": {"IPAMConfig": {"IPv4Address": "10.213.0.16"}}}
        },
    }  # fmt: skip


def test_limits_are_those_of_the_process_type_and_swap_counts_as_memory() -> None:
    made = release(number=12, made=artifact(processes={"web": None}))
    terms = Terms({"*": Limits(memory_mb=512, pids=99), "web": Limits(memory_mb=256, cpus=0.5)})
    request = c.create_request(SETTINGS, made, WEB_2, "10.213.0.16", terms)
    host = request["HostConfig"]
    assert isinstance(host, dict)
    assert (host["Memory"], host["MemorySwap"]) == (256 * 1024**2, 256 * 1024**2)
    assert (host["NanoCpus"], host["PidsLimit"]) == (500_000_000, 99)


def test_a_process_without_a_line_runs_the_images_own_command() -> None:
    made = release(number=12, made=artifact(processes={"web": None}))
    request = c.create_request(SETTINGS, made, WEB_2, "10.213.0.16")
    assert request["Cmd"] is None
    assert "TINI" not in str(request["Env"])


def test_what_fills_a_slot_of_an_earlier_release_carries_that_ones_number() -> None:
    """A rollback to v3 runs the containers of v3 again, and those that v3 lacks beside them."""
    request = c.create_request(SETTINGS, release(number=12), Slot(3, 0, "web", 1), "10.213.0.16")
    assert dict(request["Labels"])["paas.release"] == "3"  # type: ignore[call-overload] # a dict


def test_config_goes_over_what_the_platform_says() -> None:
    made = release(config={"GIT_REV": "mine", "DYNO": "mine", "PORT": "8000", "A": "two words\n'"})
    environment = c.environment(made, WEB_2)
    assert environment["GIT_REV"] == "mine"
    assert environment["DYNO"] == "mine"
    assert environment["A"] == "two words\n'"


def test_port_is_the_port_that_is_checked() -> None:
    assert c.environment(release(), WEB_2)["PORT"] == "5000"
    made = release(config={"PORT": "8000"})
    assert c.environment(made, WEB_2)["PORT"] == str(made.port) == "8000"


def test_every_name_is_given_once() -> None:
    made = release(config={"PORT": "8000", "PAAS_APP": "x"})
    request = c.create_request(SETTINGS, made, Slot(1, 0, "web", 1), "10.213.0.16")
    pairs = request["Env"]
    assert isinstance(pairs, list)
    names = [pair.partition("=")[0] for pair in pairs]
    assert sorted(names) == sorted(set(names))
