"""How the routes of an app are moved, and when every router has followed."""

import time
from collections.abc import Sequence

from releases.domain.container import Container, web
from releases.domain.desired import Desired
from releases.domain.release import Release
from releases.domain.route import Route
from releases.rollout.rollout import Rollout

ACKNOWLEDGE_S = 10.0


def flip(rollout: Rollout, release: Release, desired: Desired, serving: Sequence[Container]) -> int:
    """Move the routes, the current release and its config in one transaction."""
    backends = tuple(one.backend for one in web(serving))
    routes = [Route(host, release.app, backends) for host in hosts(rollout, release)]
    watch_s = rollout.settings.watch_s
    due = desired.deploys and release.artifact.app_json.scripts.has_postdeploy
    return rollout.store.routes.flip(
        rollout.lock, desired, release.config, routes, watch_s, due=due
    )


def hosts(rollout: Rollout, release: Release) -> list[str]:
    """Where the app is reached; an app without a web process is not."""
    if "web" not in release.artifact.processes:
        return []
    own = rollout.store.routes.domains(release.app)
    return [rollout.settings.host(release.app), *own]


def wait_acknowledged(rollout: Rollout, version: int) -> None:
    """Return when every router has confirmed the routes; say so in the log if one is silent.

    The flip has happened and cannot be taken back by waiting: a silent router gets the
    routes when it is back, and until then the old containers stay for it.
    """
    store, deadline = rollout.store, time.monotonic() + ACKNOWLEDGE_S
    with store.acknowledgements() as acknowledged:
        while silent := store.routes.unacknowledged(version):
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                rollout.log.error(
                    f"router {', '.join(silent)} has not confirmed the new routes yet; "
                    "the old containers stay until it has"
                )
                return
            acknowledged.wait(left_s)
