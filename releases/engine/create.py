"""What Docker is asked for when a container of an app is created: pure, nothing is called here."""

from collections.abc import Mapping

from releases.domain.container import (
    ADDRESS,
    APP,
    BOOT,
    INDEX,
    INSTANCE,
    PORT,
    PROCESS_TYPE,
    RELEASE,
    Slot,
)
from releases.domain.limits import Limits, Terms
from releases.domain.release import Release
from releases.engine.protocol import STANDARD
from releases.engine.shell import SIGNAL_ALL, shell_command
from releases.settings import Settings

# What images need to start as root, to own their files and to go on as somebody else. Not what
# Docker gives beyond that: raw sockets, device nodes, file capabilities, chroot, the audit log.
HARDENED: Mapping[str, object] = {
    "CapDrop": ["ALL"],
    "CapAdd": [
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "KILL",
        "NET_BIND_SERVICE",
        "SETGID",
        "SETPCAP",  # only to give up more
        "SETUID",
    ],
    "SecurityOpt": ["no-new-privileges"],
}
_MB = 1024 * 1024
_NANO = 1_000_000_000


def create_request(
    settings: Settings, release: Release, slot: Slot, address: str, terms: Terms = STANDARD
) -> dict[str, object]:
    """The engine's `POST /containers/create` body."""
    line = release.artifact.processes[slot.process_type]
    given = [f"{name}={value}" for name, value in environment(release, slot).items()]
    return {
        "Image": release.artifact.image,
        # The Procfile's line is the app's own and runs in its own container.
        "Cmd": shell_command(line) if line else None,
        "Env": [*given, SIGNAL_ALL] if line else given,
        "Labels": labels(settings.instance, release, slot, address),
        "HostConfig": {
            "NetworkMode": settings.network,
            "RestartPolicy": terms.docker_restart_policy(),
            "Init": True,  # reaps zombies and passes SIGTERM on
            **HARDENED,
            **_limits(terms.limits_of(slot.process_type), settings.process_pids),
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        },
        "NetworkingConfig": {
            "EndpointsConfig": {settings.network: {"IPAMConfig": {"IPv4Address": address}}}
        },
    }


def _limits(limits: Limits, pids: int) -> Mapping[str, object]:
    """0 is no limit. Swap counts as memory: a process beyond it would else only become slow."""
    memory = limits.memory_mb * _MB
    return {
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": int(limits.cpus * _NANO),
        "PidsLimit": limits.pids or pids,
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
        RELEASE: str(slot.release),
        BOOT: str(slot.boot),
        PROCESS_TYPE: slot.process_type,
        INDEX: str(slot.index),
        ADDRESS: address,
        PORT: str(release.port),
    }
