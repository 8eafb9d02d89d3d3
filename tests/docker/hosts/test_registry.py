"""Images that hosts share by a registry, and what is said when it is not there."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import docker
import pytest

from builder.bases.footing import Footing
from builder.docker.engine import Engine
from builder.docker.image import Recipe, build_image
from builder.docker.registry import Images, RegistryFailed
from builder.docker.stages import last_base
from releases.domain.container import APP, INSTANCE
from releases.engine.docker import connect
from releases.engine.protocol import EngineFailed
from releases.settings import Settings
from releases.store import Store
from tests.docker.images import busybox_image
from tests.fakes import examples
from tests.registry import loopback_registry
from tests.services import need
from tests.whole import free_port

pytestmark = pytest.mark.docker
NAME = f"paas-test-registry-{uuid.uuid4().hex[:8]}"


class Shelf:
    """A registry that can be taken away, and images of the test's own."""

    def __init__(self, stack: ExitStack) -> None:
        self.registry = stack.enter_context(ExitStack())
        self.name = self.registry.enter_context(loopback_registry(free_port()))
        self.api: Any = docker.APIClient(version="auto")
        self.engine = Engine(Settings(Path()).docker_host)
        self.said: list[str] = []
        self.images = Images(self.engine, self.name, self.said.extend)

    def make(self, body: str) -> str:
        """An image with the name `<test's>/web:1`; return its id."""
        image = busybox_image(self.api, Settings(Path(), instance=NAME), "web", body=body)
        self.engine.tag(image, f"{NAME}/web:1")
        return image

    def lose(self, image: str) -> None:
        """This engine does not have it any more."""
        self.api.remove_image(image, force=True)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """Its images are gone afterwards."""
    need("docker")
    with ExitStack() as stack:
        shelf = Shelf(stack)
        yield shelf
        for one in shelf.api.images(filters={"label": [f"{INSTANCE}={NAME}", APP]}):
            shelf.lose(one["Id"])


def test_what_one_host_pushed_another_pulls_under_the_same_name(shelf: Shelf) -> None:
    image = shelf.make("hello")
    pushed = shelf.images.share(f"{NAME}/web:1")
    assert pushed.reference.startswith(f"{shelf.name}/{NAME}/web@sha256:")
    shelf.lose(image)
    found = shelf.images.find(f"{NAME}/web:1")
    assert found
    assert (found.id, found.reference) == (image, pushed.reference)
    assert shelf.engine.image(f"{NAME}/web:1")
    assert shelf.said == [
        f"Pushing {NAME}/web:1 to {shelf.name}",
        f"Pulling {NAME}/web:1 from {shelf.name}",
    ]


def test_the_registrys_image_of_a_name_counts_and_not_this_engines(shelf: Shelf) -> None:
    first = shelf.make("first")
    shelf.images.share(f"{NAME}/web:1")
    shelf.make("second")  # takes the name, here
    found = shelf.images.find(f"{NAME}/web:1")
    assert found
    assert found.id == first


def test_what_only_this_engine_has_is_pushed_when_it_is_looked_for(shelf: Shelf) -> None:
    image = shelf.make("hello")
    found = shelf.images.find(f"{NAME}/web:1")
    assert found
    assert (found.id, found.reference.partition("/")[0]) == (image, shelf.name)


def test_a_name_that_nobody_knows_is_none(shelf: Shelf) -> None:
    assert shelf.images.find(f"{NAME}/nothing:1") is None


def test_without_a_registry_there_is_this_engine_alone(shelf: Shelf) -> None:
    image, alone = shelf.make("hello"), Images(shelf.engine, "", shelf.said.extend)
    shared = alone.share(f"{NAME}/web:1")
    assert (shared.id, shared.reference) == (image, "")
    assert alone.find(f"{NAME}/web:1") == shared
    assert shelf.said == []


def test_a_registry_that_is_down_is_one_clear_line(shelf: Shelf) -> None:
    shelf.make("hello")
    shelf.registry.close()
    with pytest.raises(RegistryFailed, match=r"cannot be asked .*refused; is it up, and may"):
        shelf.images.find(f"{NAME}/web:1")
    with pytest.raises(RegistryFailed, match=r"did not take .*refused; is it up, and may"):
        shelf.images.share(f"{NAME}/web:1")


def test_the_image_that_a_dockerfile_names_is_known_by_what_was_pulled(shelf: Shelf) -> None:
    image = shelf.make("hello")
    reference = shelf.images.share(f"{NAME}/web:1").reference
    shelf.lose(image)
    name = f"{shelf.name}/{NAME}/web:1"
    dockerfile = f"FROM {name}\nENV A=1\nRUN true\n"
    labels = {INSTANCE: NAME, APP: "own"}
    recipe = Recipe(build_id=NAME, tag=f"{NAME}/own:1", dockerfile=dockerfile, labels=labels)
    built = build_image(shelf.engine, recipe, shelf.said.extend)
    footing = Footing(last_base(dockerfile, {})).completed(built.steps)
    assert (footing.name, footing.image) == (name, reference.partition("@")[2])


def test_the_release_manager_pulls_what_it_has_not_and_says_so_once(
    shelf: Shelf, settings: Settings, store: Store
) -> None:
    image = shelf.make("hello")
    reference = shelf.images.share(f"{NAME}/web:1").reference
    artifact, engine = examples.artifact(image=image, reference=reference), connect(settings, store)
    said: list[str] = []
    engine.fetch_image(artifact, said.append)
    assert said == []
    shelf.lose(image)
    engine.fetch_image(artifact, said.append)
    assert said == [f"Pulling the image of 3f9ac21 from {shelf.name}"]
    assert engine.image_exists(image)


def test_an_image_that_cannot_be_pulled_is_one_clear_line(
    shelf: Shelf, settings: Settings, store: Store
) -> None:
    image = shelf.make("hello")
    reference = shelf.images.share(f"{NAME}/web:1").reference
    artifact = examples.artifact(image=image, reference=reference)
    shelf.lose(image)
    shelf.registry.close()
    with pytest.raises(EngineFailed, match=r"cannot be pulled: .*refused; is the registry up"):
        connect(settings, store).fetch_image(artifact, print)
