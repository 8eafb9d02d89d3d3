"""Builds on record, at any point of their life, without anybody who builds."""

import time
from dataclasses import replace
from typing import Any

from releases.domain.build import AS_USUAL, Build, BuildOptions, BuildRequest, BuildStatus
from releases.store import Store
from tests.fakes.examples import COMMIT


def queue_build(
    store: Store,
    app: str = "myapp",
    *,
    commit: str = COMMIT,
    who: str = "alice",
    options: BuildOptions = AS_USUAL,
    log: str = "",
) -> Build:
    """A build that waits. It supersedes one that waited before it."""
    request = BuildRequest(app, commit, "refs/heads/main", who, options)
    number = store.builds.reserve(app)
    build, *_ = store.builds.add(request, number, log or f"{app}:log-{number}")
    return build


def start_build(store: Store, app: str = "myapp", **asked: Any) -> Build:
    """A build that runs."""
    build = queue_build(store, app, **asked)
    running = store.builds.start(app, build.number)
    assert running
    return running


def end_build(store: Store, build: Build, **known: Any) -> Build:
    """A running build that ends; well, unless the fields say otherwise."""
    ended = replace(build, **{"status": BuildStatus.SUCCEEDED, "finished_at": time.time(), **known})
    assert store.builds.change(build, ended)
    return ended
