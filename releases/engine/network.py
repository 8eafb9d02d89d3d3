"""The one network that all apps' containers are on, where none reaches another."""

from typing import Any

import docker

from releases.domain.container import INSTANCE
from releases.engine.api import one_line, reason
from releases.engine.protocol import EngineFailed
from releases.settings import Settings
from releases.store.locks import LockStore


def ensure_network(api: Any, settings: Settings, locks: LockStore) -> None:
    """Make the network unless it is there; EngineFailed."""
    if _has_network(api, settings):
        return
    # Docker does not show a network that it is making, but its addresses are taken.
    with locks.hold("network:", "Make the network"):
        if not _has_network(api, settings):
            _make_network(api, settings)


def _has_network(api: Any, settings: Settings) -> bool:
    with one_line(f"look up the network {settings.network}"):
        try:
            api.inspect_network(settings.network)
        except docker.errors.NotFound:
            return False
    return True


def _make_network(api: Any, settings: Settings) -> None:
    pool = docker.types.IPAMPool(subnet=settings.subnet)
    try:
        api.create_network(
            settings.network,
            driver="bridge",
            check_duplicate=True,
            ipam=docker.types.IPAMConfig(pool_configs=[pool]),
            # Containers do not reach each other; the host, and so HAProxy, reaches all.
            options={"com.docker.network.bridge.enable_icc": "false"},
            labels={INSTANCE: settings.instance},
        )
    except docker.errors.APIError as error:
        raise EngineFailed(
            f"cannot make the network {settings.network} on {settings.subnet}: "
            f"{reason(error)}; the setting subnet chooses another range"
        ) from error
