"""How old stacks and runtimes are removed from a real Docker: of images that were never built."""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import pytest

from builder.bases.layer import Layer
from builder.bases.stack import Bases
from builder.bases.sweep import is_due, sweep
from builder.detection.folders import all_buildpacks
from builder.docker.engine import Engine, Image
from builder.queue.pushed import forget_pushed
from releases.domain.container import APP, INSTANCE
from releases.platform import Platform
from tests.builds import end_build, start_build
from tests.docker.hosts.tiny import write_buildpacks
from tests.fakes.examples import artifact

pytestmark = pytest.mark.docker
NAME = f"paas-test-sweep-{os.getpid()}"


@dataclass
class Host:
    """A Docker with a base of the test's own, on which nothing was built yet."""

    api: Any
    bases: Bases
    platform: Platform

    def make(self, name: str, **labels: str) -> Image:
        """An image of that name, unlike any other."""
        changes = [f"LABEL {key}={value}" for key, value in labels.items()]
        changes.append(f"LABEL made={uuid.uuid4().hex}")
        repository, _, tag = name.rpartition(":")
        self.api.import_image_from_data(
            b"\0" * 1024, repository=repository, tag=tag, changes=changes
        )
        return self.bases.there(name)

    def ours(self, name: str, **labels: str) -> Image:
        """One that carries our label."""
        return self.make(name, **{INSTANCE: NAME, **labels})

    def layer(self, layer: Layer) -> Image:
        """The image of a layer, as if it had been built."""
        return self.ours(layer.tag, **{"paas.below": layer.below.name})

    def line(self) -> tuple[Image, Image]:
        """The stack and the runtime that stand on the base as it is now."""
        base = self.bases.base("bookworm")
        stack = self.layer(self.bases.stack_layer("bookworm", base))
        tiny = next(one for one in all_buildpacks(self.bases.settings).usable if one.runtime)
        return stack, self.layer(self.bases.runtime_layer(tiny, "5", stack))

    def renew_base(self) -> None:
        """Another image has its name now."""
        self.make(self.bases.suite("bookworm").tags[0])

    def is_there(self, image: Image) -> bool:
        """By its id."""
        return self.bases.engine.image(image.id) is not None


@pytest.fixture
def host(platform: Platform, tmp_path: Path) -> Iterator[Host]:
    """Nothing of it is left afterwards."""
    settings = replace(
        platform.settings,
        instance=NAME,
        stack="registry",
        stack_image=f"{NAME}/debian:{{suite}}",
        buildpacks=write_buildpacks(tmp_path / "buildpacks"),
    )
    api: Any = docker.APIClient(version="auto")
    bases = Bases(Engine(settings.docker_host), settings, print, platform.store.locks)
    made = Host(api, bases, platform)
    base = bases.suite("bookworm").tags[0]
    made.make(base)
    yield made
    for one in api.images(filters={"label": f"{INSTANCE}={NAME}"}):
        api.remove_image(one["Id"], force=True)
    bases.engine.remove(base)


def test_after_a_renewal_the_old_line_goes_and_the_new_one_stays(host: Host) -> None:
    before = host.line()
    host.renew_base()
    after = host.line()
    sweep(host.bases, host.platform.store)
    assert [host.is_there(image) for image in before] == [False, False]
    assert [host.is_there(image) for image in after] == [True, True]
    assert host.line() is not None  # what a build looks up next is what stayed


def test_what_an_image_of_an_app_stands_on_stays_until_that_is_gone(host: Host) -> None:
    before = host.line()
    stands = {APP: "myapp", "paas.base": before[1].name, "paas.base_image": before[1].id}
    app = host.ours(f"{NAME}/myapp:1", **stands)
    host.renew_base()
    host.line()
    sweep(host.bases, host.platform.store)
    assert all(host.is_there(image) for image in before)

    host.api.remove_image(app.id)
    sweep(host.bases, host.platform.store)
    assert not any(host.is_there(image) for image in before)


def test_nothing_goes_while_a_build_runs(host: Host) -> None:
    old = host.ours("paas/stack:bookworm-0123456789ab")
    start_build(host.platform.store)
    sweep(host.bases, host.platform.store)
    assert host.is_there(old)


def test_another_platforms_and_somebodys_own_images_stay(host: Host) -> None:
    other = host.make(f"paas/runtime-{NAME}:1-0123456789ab", **{INSTANCE: f"{NAME}-other"})
    own = host.ours(f"alice/{NAME}:1")
    plain = host.make(f"paas/runtime-{NAME}:2-0123456789ab")
    try:
        sweep(host.bases, host.platform.store)
        assert [host.is_there(image) for image in (other, own, plain)] == [True] * 3
    finally:
        for image in (other, plain):
            host.api.remove_image(image.id)


def test_it_is_due_once_an_hour(host: Host) -> None:
    settings = host.bases.settings
    assert [is_due(settings), is_due(settings)] == [True, False]
    os.utime(settings.home / "run" / "bases.swept", (0, 0))
    assert is_due(settings)


def test_a_build_host_keeps_the_newest_image_of_each_app(host: Host) -> None:
    app, registry = f"pushed-{os.getpid()}", "registry.example:5000"
    names = [f"paas/{app}:{number:040x}" for number in (1, 2)]
    old, new = (host.ours(name, **{APP: app}) for name in names)
    host.api.tag(old.id, f"{registry}/paas/{app}", f"{1:040x}")
    gone = host.ours(f"paas/{app}-gone:{1:040x}", **{APP: f"{app}-gone"})
    made = artifact(image=new.id)
    end_build(host.platform.store, start_build(host.platform.store, app), artifact=made)
    for settings in (
        replace(host.bases.settings, registry=registry),
        replace(host.bases.settings, front_door="paas.example:2222"),
    ):
        forget_pushed(replace(host.platform, settings=settings), host.api)
    assert [host.is_there(image) for image in (old, new, gone)] == [True] * 3

    settings = replace(host.bases.settings, registry=registry, front_door="paas.example:2222")
    forget_pushed(replace(host.platform, settings=settings), host.api)
    assert [host.is_there(image) for image in (old, new, gone)] == [False, True, False]
