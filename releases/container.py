"""What a container of ours is: its place in an app, and the request that creates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from releases.app import Desired
from releases.release import Release
from releases.settings import Settings

INSTANCE = "paas.instance"  # every container, image and network of ours carries it
APP = "paas.app"
RELEASE = "paas.release"
BOOT = "paas.boot"
PROCESS_TYPE = "paas.process"
INDEX = "paas.index"
ADDRESS = "paas.address"
PORT = "paas.port"

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
    def backend(self) -> str:
        """How routes name it."""
        return f"http://{self.address}:{self.port}"


def slots(desired: Desired | None) -> frozenset[Slot]:
    """Every place that has to be filled."""
    if desired is None:
        return frozenset()
    return frozenset(
        Slot(desired.release, desired.boot, process_type, index)
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


def pick_address(subnet: str, number: int) -> str:
    """The address a counter stands for: round the subnet, so that one is not re-used soon.

    It is fixed, so that a container keeps it when Docker or the machine restarts, and
    routes stay true.
    """
    network = IPv4Network(subnet)
    room = network.num_addresses - _RESERVED_ADDRESSES - 1  # the last one is the broadcast
    return str(network[_RESERVED_ADDRESSES + number % room])


def create_request(
    settings: Settings, release: Release, slot: Slot, address: str
) -> dict[str, object]:
    """The engine's `POST /containers/create` body."""
    line = release.artifact.processes[slot.process_type]
    return {
        "Image": release.artifact.image,
        # The Procfile's line is the app's own and runs in its own container.
        "Cmd": ["/bin/sh", "-c", line] if line else None,
        "Env": [f"{name}={value}" for name, value in environment(release, slot).items()],
        "Labels": labels(settings.instance, release, slot, address),
        "HostConfig": {
            "NetworkMode": settings.network,
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 10},
            "Init": True,  # reaps zombies and passes SIGTERM on
            "SecurityOpt": ["no-new-privileges"],
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        },
        "NetworkingConfig": {
            "EndpointsConfig": {settings.network: {"IPAMConfig": {"IPv4Address": address}}}
        },
    }


def environment(release: Release, slot: Slot) -> Mapping[str, str]:
    """The app's config, and what the platform says to a process about itself."""
    return {
        "GIT_REV": release.artifact.commit,
        "PAAS_APP": release.app,
        "PAAS_RELEASE": release.name,
        "DYNO": slot.name,
        **release.config,
        "PORT": str(release.port),
    }


def labels(instance: str, release: Release, slot: Slot, address: str) -> dict[str, str]:
    """All that has to be known of a container is on it: nothing about it is kept elsewhere."""
    return {
        INSTANCE: instance,
        APP: release.app,
        RELEASE: str(release.number),
        BOOT: str(slot.boot),
        PROCESS_TYPE: slot.process_type,
        INDEX: str(slot.index),
        ADDRESS: address,
        PORT: str(release.port),
    }


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
        condemned=any(_CONDEMNED in name for name in item["Names"]),
    )
