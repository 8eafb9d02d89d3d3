"""Which places containers fill, what they are called, and what is read back from Docker."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from releases.domain import container as c
from releases.domain.container import Slot
from releases.domain.desired import Desired
from releases.engine.create import labels
from tests.fakes.examples import release

WEB_2 = Slot(release=12, boot=0, process_type="web", index=2)


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
    given = labels("paas", release(number=12), WEB_2, "10.213.0.16")
    about = {"Id": "f00d" * 16, "State": "running", "Status": "Up 3 minutes"}
    return {**about, "Names": [f"/{name}"], "Labels": {**given, "vendor": "someone"}}


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
