"""How the list of releases marks those whose image is on this host no more."""

import io
import json
import os
from typing import Any

import pytest

from releases.command import Session
from releases.commands.releases import list_releases
from releases.domain.app import Desired
from releases.engine.docker import DockerEngine
from releases.platform import Platform
from releases.settings import Settings
from releases.store import Store
from tests.docker.images import named_image
from tests.fakes.examples import artifact, release

pytestmark = pytest.mark.docker
APP = f"gone-{os.getpid()}"


def test_a_release_whose_image_is_gone_is_marked_unless_a_registry_has_it(
    api: Any,
    settings: Settings,
    platform: Platform,
    store: Store,
    docker_engine: DockerEngine,
) -> None:
    there, gone = named_image(api, settings, APP), "sha256:" + "0" * 64
    store.apps.create(APP, "ada")
    artifacts = [
        artifact(image=gone, reference="registry.example/paas/app@sha256:1"),
        artifact(image=gone),
        artifact(image=there),
        artifact(image=there),
    ]
    for number, made in enumerate(artifacts, 1):
        store.apps.next_release(APP)
        store.releases.add(release(APP, number, made=made))
        with store.locks.hold(APP, "Deploy") as lock:
            store.routes.flip(lock, Desired(number, {"web": 1}), {}, [])
    out = io.StringIO()
    session = Session(platform, "ada", io.BytesIO(), out)
    list_releases(session, APP, as_json=False)
    rows = out.getvalue().splitlines()[1:]
    assert [row.startswith("*") for row in rows] == [True, False, False, False]
    assert [row.endswith("(image gone)") for row in rows] == [False, False, True, False]

    out.truncate(0)
    out.seek(0)
    list_releases(session, APP, as_json=True)
    marks = [one["image_gone"] for one in json.loads(out.getvalue())]
    assert marks == [False, False, True, False]
