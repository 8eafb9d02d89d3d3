"""The job that renews the images below the apps', as the queue calls it."""

import logging
import os
import uuid
from collections.abc import Sequence

from rq.timeouts import JobTimeoutException

from builder.bases.layer import line_of
from builder.bases.live import Standing, live_standings
from builder.bases.renewal import Renewal
from builder.bases.stack import Bases, suite_of
from builder.bases.sweep import sweep
from builder.detection.folders import all_buildpacks
from builder.docker.engine import Engine
from releases.errors import PaasError
from releases.log import DeployLog
from releases.platform import Platform

_logger = logging.getLogger(__name__)
_LOCK = ":bases"  # no app is called that


def update(app: str, apps: Sequence[str], log: str) -> None:
    """Renew what these apps (none: all) stand on, and note which images are the current ones.

    `app` is none. Done twice it does no harm: where nothing is newer, nothing changes.
    """
    platform = Platform.from_env(os.environ)
    output = DeployLog(platform.store.logs, log)
    try:
        output.succeed(_update(platform, apps, output))
    except PaasError as error:
        output.fail(f"{error}; every app stands on what it stood on")
    except JobTimeoutException:
        output.fail("the images below the apps took too long to make; run stack:update again")
    except Exception:
        reference = uuid.uuid4().hex[:8]
        _logger.exception("update of the stacks, reference %s", reference)
        output.fail(f"internal error, reference {reference}")


def _update(platform: Platform, apps: Sequence[str], log: DeployLog) -> str:
    store = platform.store
    standings = live_standings(store, apps or store.apps.names())
    engine = Engine(platform.settings.docker_host)
    bases = Bases(engine, platform.settings, lambda lines: log.detail(*lines), store.locks)
    with store.locks.hold(_LOCK, "Update of the stacks", lambda _: log.step("Waiting for another")):
        current = _renew(bases, standings, log)
        store.bases.set_current(current)
    sweep(bases, store)
    if not current:
        return "No app stands on a stack of ours"
    return f"{len(current)} stacks and runtimes are as new as can be"


def _renew(bases: Bases, standings: Sequence[Standing], log: DeployLog) -> dict[str, str]:
    """Line -> image id. A version that there is no more is left out: its apps get another."""
    renewal, current = Renewal(bases), dict[str, str]()
    buildpacks = {one.name: one for one in all_buildpacks(bases.settings).usable}
    runtimes = {
        (one.runtime, one.version)
        for one in standings
        if one.runtime in buildpacks
        and (not one.version or one.version in buildpacks[one.runtime].versions)
    }
    suites = {one.suite for one in standings if one.suite and not one.runtime}
    suites |= {suite_of(buildpacks[name], version) for name, version in runtimes}
    images = []
    for suite in sorted(suites):
        log.step(f"Stack {suite}")
        images.append(renewal.stack(suite))
    for name, version in sorted(runtimes):
        log.step(" ".join(word for word in ("Runtime", name, version) if word))
        images.append(renewal.runtime(buildpacks[name], version))
    for image in images:
        current[line_of(image.name)] = image.id
    return current
