"""What a container of ours is: its place in an app, and the request that creates it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from releases.domain.desired import Desired

INSTANCE = "paas.instance"  # every container, image and network of ours carries it
APP = "paas.app"
RELEASE = "paas.release"
BOOT = "paas.boot"
PROCESS_TYPE = "paas.process"
INDEX = "paas.index"
ADDRESS = "paas.address"
PORT = "paas.port"

FROZEN = "paused"  # Docker's word for a container that the kernel's freezer has stopped
_CONDEMNED = ".retired-"
_RESERVED_ADDRESSES = 16  # the gateway, and room for what else a network may want


@dataclass(frozen=True)
class Slot:
    """A place that one container fills: `web.2` of boot 0 of v12."""

    release: int
    boot: int
    process_type: str
    index: int

    @property
    def name(self) -> str:
        """`web.2`, as logs and `ps` show it."""
        return f"{self.process_type}.{self.index}"


@dataclass(frozen=True)
class Container:
    """A container as Docker has it. `state` is Docker's word: created, running, exited..."""

    id: str
    app: str
    slot: Slot
    address: str  # 10.213.0.7, its own for as long as it exists
    port: int  # where web listens
    state: str
    status: str = ""  # Docker's words for a person: "Up 3 minutes"; empty if just started by us
    condemned: bool = False  # on its way out: never counted on again, its slot is free

    @property
    def socket(self) -> str:
        """How the router names it: `10.213.0.7:5000`."""
        return f"{self.address}:{self.port}"

    @property
    def backend(self) -> str:
        """How routes name it."""
        return f"http://{self.socket}"

    @property
    def serves(self) -> bool:
        """Whether it runs and is to be counted on."""
        return self.state == "running" and not self.condemned


def web(containers: Iterable[Container]) -> list[Container]:
    """The web processes among them, by their index."""
    found = [one for one in containers if one.slot.process_type == "web"]
    return sorted(found, key=lambda one: one.slot.index)


def slots(desired: Desired | None) -> frozenset[Slot]:
    """Every place that has to be filled."""
    if desired is None or desired.stopped:
        return frozenset()
    return frozenset(
        Slot(desired.containers_of, desired.boot_of(process_type, index), process_type, index)
        for process_type, count in desired.formation.items()
        for index in range(1, count + 1)
    )


def container_name(instance: str, app: str, slot: Slot) -> str:
    """One name per slot, so that Docker itself refuses a second container for it."""
    boot = f"-{slot.boot}" if slot.boot else ""
    return f"{instance}.{app}.v{slot.release}{boot}.{slot.process_type}.{slot.index}"


def condemned_name(name: str, identifier: str) -> str:
    """What a container is called on its way out, so that its slot's name is free at once."""
    return f"{name}{_CONDEMNED}{identifier[:12]}"


def is_condemned(names: Iterable[str]) -> bool:
    """Whether one of a container's names was given to it on its way out."""
    return any(_CONDEMNED in name for name in names)


def pick_address(subnet: str, number: int) -> str:
    """The address a counter stands for: round the subnet, so that one is not re-used soon.

    It is fixed, so that a container keeps it when Docker or the machine restarts, and
    routes stay true.
    """
    network = IPv4Network(subnet)
    room = network.num_addresses - _RESERVED_ADDRESSES - 1  # the last one is the broadcast
    return str(network[_RESERVED_ADDRESSES + number % room])


def from_listing(item: Mapping[str, Any]) -> Container:
    """A container from one item of `GET /containers/json`."""
    found: Mapping[str, str] = item["Labels"]
    slot = Slot(int(found[RELEASE]), int(found[BOOT]), found[PROCESS_TYPE], int(found[INDEX]))
    return Container(
        id=str(item["Id"]),
        app=found[APP],
        slot=slot,
        address=found[ADDRESS],
        port=int(found[PORT]),
        state=str(item["State"]),
        status=str(item["Status"]),
        condemned=is_condemned(item["Names"]),
    )
