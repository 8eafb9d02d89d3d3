"""How an app is destroyed: from what the world sees inward, its name last."""

import shutil

from releases.errors import PaasError
from releases.log import DeployLog
from releases.rollout.flip import wait_acknowledged
from releases.rollout.rollout import Rollout
from releases.store import Store


class NotToBeDestroyed(PaasError):
    """The app is another one than the one that was to be destroyed."""


def destroy(rollout: Rollout) -> str:
    """Remove all that is the app's. Killed at any line, it is finished by a second `destroy`."""
    name, store, engine = rollout.lock.app, rollout.store, rollout.engine
    if not store.apps.get(name).destroying:
        raise NotToBeDestroyed(f"{name} was made anew meanwhile; it stays unless destroyed again")
    rollout.log.step(f"Destroying {name}")
    _turn_away(store, name)  # long before their logs go with the app
    wait_acknowledged(rollout, store.routes.unroute(name))
    for container in engine.containers(name):
        engine.retire(container, rollout.settings.stop_grace_s)
    for one_off in engine.one_offs(name):
        engine.retire(one_off.container, rollout.settings.stop_grace_s)
    engine.end_once(name)
    engine.remove_images(name)
    shutil.rmtree(rollout.settings.sources / name, ignore_errors=True)
    shutil.rmtree(rollout.settings.repositories / f"{name}.git", ignore_errors=True)
    for build in store.builds.list(name):
        store.builds.forget(build)
    store.apps.forget(name)
    _turn_away(store, name)  # who came meanwhile; from now on whoever comes is told by himself
    return f"{name} is gone: routes, containers, images, repository and records"


def _turn_away(store: Store, app: str) -> None:
    """End the logs of what waits for the app."""
    while call := store.parked.next(app):
        DeployLog(store.logs, call.log).fail(f"app {app} was destroyed")
        store.parked.remove(app, call)
