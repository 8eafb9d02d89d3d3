"""How an app is destroyed: from what the world sees inward, its name last."""

import shutil

from releases.errors import PaasError
from releases.log import DeployLog
from releases.rollout.flip import wait_acknowledged
from releases.rollout.rollout import Rollout


class NotToBeDestroyed(PaasError):
    """The app is another one than the one that was to be destroyed."""


def destroy(rollout: Rollout) -> str:
    """Remove all that is the app's. Killed at any line, it is finished by a second `destroy`."""
    name, store, engine = rollout.lock.app, rollout.store, rollout.engine
    if not store.apps.get(name).destroying:
        raise NotToBeDestroyed(f"{name} was made anew meanwhile; it stays unless destroyed again")
    rollout.log.step(f"Destroying {name}")
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
    while call := store.parked.next(name):
        DeployLog(store.logs, call.log).fail(f"app {name} was destroyed")
        store.parked.remove(name, call)
    store.apps.forget(name)
    return f"{name} is gone: routes, containers, images, repository and records"
