"""The request that creates a container reads as the finished `docker run`."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from releases import container as c
from releases.app import Desired
from releases.container import Slot
from releases.settings import Settings
from tests.fakes.examples import COMMIT, IMAGE, artifact, release

SETTINGS = Settings(home=Path("/nowhere"), instance="paas", subnet="10.213.0.0/16")
WEB_2 = Slot(release=12, boot=0, process_type="web", index=2)


def test_the_request_reads_as_the_finished_docker_run() -> None:
    made = release(number=12, made=artifact(processes={"web": "serve --port $PORT"}))
    assert c.create_request(SETTINGS, made, WEB_2, "10.213.0.16") == {
        "Image": IMAGE,
        "Cmd": ["/bin/sh", "-c", "serve --port $PORT"],
        "Env": [
            f"GIT_REV={COMMIT}",
            "PAAS_APP=myapp",
            "PAAS_RELEASE=v12",
            "DYNO=web.2",
            "PORT=5000",
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
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        },
        "NetworkingConfig": {
            "EndpointsConfig": {"paas": {"IPAMConfig": {"IPv4Address": "10.213.0.16"}}}
        },
    }


def test_a_process_without_a_line_runs_the_images_own_command() -> None:
    made = release(number=12, made=artifact(processes={"web": None}))
    assert c.create_request(SETTINGS, made, WEB_2, "10.213.0.16")["Cmd"] is None


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


@pytest.mark.parametrize("subnet", ["10.213.0.0/16", "10.9.8.0/24", "192.168.4.0/22"])
def test_addresses_go_round_the_subnet_and_spare_what_the_network_needs(subnet: str) -> None:
    network = IPv4Network(subnet)
    round_trip = network.num_addresses - 17
    given = [IPv4Address(c.pick_address(subnet, number)) for number in range(round_trip)]
    assert len(set(given)) == round_trip
    assert set(given) <= set(network.hosts())
    assert network[1] not in given  # the gateway
    assert c.pick_address(subnet, round_trip) == str(given[0])


def test_slots_are_every_place_of_the_formation() -> None:
    wanted = c.slots(Desired(3, {"web": 2, "worker": 1, "clock": 0}, boot=1))
    assert wanted == {
        Slot(3, 1, "web", 1),
        Slot(3, 1, "web", 2),
        Slot(3, 1, "worker", 1),
    }


def test_nothing_desired_needs_no_slot() -> None:
    assert c.slots(None) == frozenset()
    assert c.slots(Desired(1, {})) == frozenset()


def test_a_container_is_named_for_its_slot() -> None:
    assert c.container_name("paas", "myapp", WEB_2) == "paas.myapp.v12.web.2"
    assert c.container_name("paas", "myapp", Slot(12, 3, "web", 2)) == "paas.myapp.v12-3.web.2"


def test_no_two_slots_share_a_name() -> None:
    slots = [
        Slot(release, boot, process_type, index)
        for release in (1, 2, 11)
        for boot in (0, 1, 11)
        for process_type in ("web", "web-1", "web_1")
        for index in (1, 11)
    ]
    names = {c.container_name("paas", app, slot) for app in ("a", "a-1") for slot in slots}
    assert len(names) == 2 * len(slots)


def listed(name: str) -> dict[str, object]:
    """An item of Docker's listing, with the labels that we made."""
    labels = c.labels("paas", release(number=12), WEB_2, "10.213.0.16")
    about = {"Id": "f00d" * 16, "State": "running", "Status": "Up 3 minutes"}
    return {**about, "Names": [f"/{name}"], "Labels": {**labels, "vendor": "someone"}}


def test_all_about_a_container_is_read_back_from_its_labels() -> None:
    found = c.from_listing(listed("paas.myapp.v12.web.2"))
    assert (found.id, found.app, found.slot) == ("f00d" * 16, "myapp", WEB_2)
    assert (found.state, found.status) == ("running", "Up 3 minutes")
    assert found.backend == "http://10.213.0.16:5000"
    assert not found.condemned


def test_a_condemned_container_is_known_by_its_name() -> None:
    name = c.condemned_name("paas.myapp.v12.web.2", "f00d" * 16)
    assert name == "paas.myapp.v12.web.2.retired-f00df00df00d"
    assert c.from_listing(listed(name)).condemned
